import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../session/session-context.tsx";
import { Arrivals } from "./arrivals.ts";
import styles from "./live.module.css";
import { Refresher } from "./refresher.ts";
import { type LiveState, StaffFeed } from "./staff-feed.ts";
import { useAlertToasts } from "./use-alert-toasts.tsx";

const Context = createContext<LiveState>("connecting");

/** With the stream lists are asked for when something happens; without it, or in case it kept silent, now and then. */
const WITH_STREAM_MS = 60_000;
const WITHOUT_STREAM_MS = 10_000;

/** Follows what happens, for everything below: lists are asked for anew, arriving alerts are shown. */
export function LiveConsole({ children }: { children: ReactNode }) {
  const session = useSession();
  const queries = useQueryClient();
  const [state, setState] = useState<LiveState>("connecting");
  const show = useAlertToasts();
  const latest = useRef(show);
  useEffect(() => {
    latest.current = show;
  });
  useEffect(() => {
    const arrivals = new Arrivals();
    const refresher = new Refresher(queries);
    const feed = new StaffFeed({
      session,
      onState: setState,
      onRefused: () => void queries.invalidateQueries(),
      onEvent: (event) => {
        refresher.take(event);
        latest.current(arrivals.take(event));
      },
    });
    feed.start();
    return () => {
      feed.stop();
      refresher.stop();
    };
  }, [session, queries]);
  return <Context value={state}>{children}</Context>;
}

/** How often a list that the stream tells of is asked for all the same, in milliseconds. */
export function useLookAgain(): number {
  return useContext(Context) === "live" ? WITH_STREAM_MS : WITHOUT_STREAM_MS;
}

/** Says whether news arrives by itself. */
export function LiveSign() {
  const { t } = useTranslation();
  const state = useContext(Context);
  return (
    <span className={styles.sign} data-state={state} role="status" title={t(`admin.live.${state}Hint`)}>
      {t(`admin.live.${state}`)}
    </span>
  );
}
