import { createContext, type ReactNode, useContext, useSyncExternalStore } from "react";
import type { Session, SessionUser } from "./session.ts";

const Context = createContext<Session | undefined>(undefined);

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  return <Context value={session}>{children}</Context>;
}

/** @throws Error outside a SessionProvider. */
export function useSession(): Session {
  const session = useContext(Context);
  if (session === undefined) throw new Error("useSession stands outside a SessionProvider");
  return session;
}

export function useSessionUser(): SessionUser | undefined {
  const session = useSession();
  return useSyncExternalStore(
    (listener) => session.subscribe(listener),
    () => session.user,
  );
}

/** Whether the signed-in user may do what needs this role. The gateway decides; this hides what it would refuse. */
export function useRole(role: "user" | "support" | "admin" | "auditor"): boolean {
  return useSessionUser()?.roles.includes(role) ?? false;
}
