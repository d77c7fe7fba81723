import { UserManager, WebStorageStateStore } from "oidc-client-ts";
import { claimsOf, type Session, type SessionUser } from "./session.ts";

export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** Blank-separated; with offline_access the session outlives the access token without a frame or a redirect. */
  readonly scope: string;
}

/** The page the provider sends people back to; registered there as <origin>/signed-in. */
const RETURN_PATH = "/signed-in";

/**
 * OpenID Connect: authorization code with PKCE, refresh tokens where the provider gives them. The access token has to be
 * a JWT for this system's audience.
 *
 * @throws Error when the provider's answer on the way back can't be used.
 */
export async function oidcSession({ issuer, clientId, scope }: OidcSettings): Promise<Session> {
  const manager = new UserManager({
    authority: issuer,
    client_id: clientId,
    redirect_uri: `${location.origin}${RETURN_PATH}`,
    post_logout_redirect_uri: `${location.origin}/`,
    response_type: "code",
    scope,
    userStore: new WebStorageStateStore({ store: localStorage }),
    automaticSilentRenew: true,
  });
  if (location.pathname === RETURN_PATH) await comeBack(manager);
  const listeners = new Set<() => void>();
  let user = userOf((await manager.getUser())?.access_token);
  const learn = (token: string | undefined): void => {
    const before = user?.id;
    user = userOf(token);
    if (user?.id !== before) for (const listener of listeners) listener();
  };
  manager.events.addUserLoaded((loaded) => learn(loaded.access_token));
  manager.events.addUserUnloaded(() => learn(undefined));
  addEventListener("storage", () => void manager.getUser().then((found) => learn(found?.access_token)));
  return {
    getToken: async (options) => {
      const found = await manager.getUser();
      if (found === null) return undefined;
      if (found.expired !== true && options?.refresh !== true) return found.access_token;
      const renewed = await manager.signinSilent().catch(() => null);
      if (renewed === null) await manager.removeUser();
      return renewed?.access_token;
    },
    get user() {
      return user;
    },
    signIn: { kind: "redirect", begin: () => manager.signinRedirect({ state: location.pathname + location.search }) },
    signOut: async () => {
      await manager.signoutRedirect().catch(() => manager.removeUser());
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Only an address of our own is gone back to: what travels through the provider is not to be trusted. */
async function comeBack(manager: UserManager): Promise<void> {
  const { state } = await manager.signinRedirectCallback();
  const to = typeof state === "string" && /^\/(?![/\\])/.test(state) ? state : "/";
  history.replaceState(null, "", to);
}

function userOf(token: string | undefined): SessionUser | undefined {
  return token === undefined ? undefined : claimsOf(token);
}
