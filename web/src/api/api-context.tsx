import { createContext, type ReactNode, useContext, useMemo } from "react";
import type { Session } from "../session/session.ts";
import { Api } from "./api.ts";

const Context = createContext<Api | undefined>(undefined);

export function ApiProvider({ session, children }: { session: Session; children: ReactNode }) {
  const api = useMemo(() => new Api(session), [session]);
  return <Context value={api}>{children}</Context>;
}

/** @throws Error outside an ApiProvider. */
export function useApi(): Api {
  const api = useContext(Context);
  if (api === undefined) throw new Error("useApi stands outside an ApiProvider");
  return api;
}
