/**
 * Who is signed in, and how the apps get a token: the one thing that differs between deployments. Two implementations
 * stand beside this file; whoever embeds the apps can hand in a third.
 */
export interface Session {
  /**
   * A token that is current; undefined: nobody is signed in.
   *
   * @param options.refresh the server has just refused the last one: get another, or end the session.
   */
  getToken(options?: { readonly refresh?: boolean }): Promise<string | undefined>;
  /** Whose session it is, for showing and for telling one user's cache from another's. */
  readonly user: SessionUser | undefined;
  /** What the sign-in page offers. */
  readonly signIn: SignInWay;
  signOut(): Promise<void>;
  /** Calls back whenever `user` changes, in this window or another; answers how to stop that. */
  subscribe(listener: () => void): () => void;
}

export interface SessionUser {
  readonly id: string;
  readonly roles: readonly string[];
}

export type SignInWay =
  /** Off to the identity provider and back to where one was. */
  | { readonly kind: "redirect"; begin(): Promise<void> }
  /** A token is handed over: by the development sign-in where there is one, or pasted. @throws Error: unreadable. */
  | { readonly kind: "token"; use(token: string): void };

export interface Claims extends SessionUser {
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Looks into a token, to show whose it is; whether it is genuine is for the gateway to say.
 *
 * @throws Error when it is no JWT with a subject and an end.
 */
export function claimsOf(token: string): Claims {
  const payload: unknown = JSON.parse(decode(token.split(".")[1] ?? ""));
  if (typeof payload !== "object" || payload === null) throw new Error("not a token");
  const { sub, exp, roles } = payload as Record<string, unknown>;
  if (typeof sub !== "string" || typeof exp !== "number") throw new Error("a token without sub or exp");
  const names = Array.isArray(roles) ? roles.filter((role): role is string => typeof role === "string") : [];
  return { id: sub, roles: names, expiresAt: exp * 1_000 };
}

function decode(base64url: string): string {
  const bytes = Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}
