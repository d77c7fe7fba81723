import type { Session, SignInWay } from "./session.ts";
import { StoredToken } from "./stored-token.ts";

/** Where the development sign-in of the gateway leaves a session (SIGN_IN_HANDOVER of proto/http/sign-in.ts). */
const HANDOVER = "stipend.signIn";

/** A token that somebody hands over: the development sign-in, or a person who pastes one. */
export function tokenSession(): Session {
  const stored = new StoredToken();
  const use = (token: string): void => stored.set(token.trim().replace(/^Bearer /i, ""));
  const handed = takeHandover();
  if (handed !== undefined) use(handed);
  const signIn: SignInWay = { kind: "token", use };
  return {
    getToken: (options) => {
      if (options?.refresh === true) stored.set(undefined);
      return Promise.resolve(stored.current());
    },
    get user() {
      return stored.user;
    },
    signIn,
    signOut: () => Promise.resolve(stored.set(undefined)),
    subscribe: (listener) => stored.subscribe(listener),
  };
}

function takeHandover(): string | undefined {
  try {
    const text = sessionStorage.getItem(HANDOVER);
    sessionStorage.removeItem(HANDOVER);
    const { token } = JSON.parse(text ?? "{}") as { token?: unknown };
    return typeof token === "string" ? token : undefined;
  } catch {
    return undefined;
  }
}
