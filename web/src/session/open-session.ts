import type { SignInSettings } from "../shell/settings.ts";
import type { Session } from "./session.ts";
import { tokenSession } from "./token-session.ts";

/** The session this deployment was set up for. What an identity provider needs is loaded only where there is one. */
export async function openSession(signIn: SignInSettings): Promise<Session> {
  if (signIn.kind !== "oidc") return tokenSession();
  const { oidcSession } = await import("./oidc-session.ts");
  return await oidcSession(signIn);
}
