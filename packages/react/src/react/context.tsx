import {
  createContext,
  type ReactElement,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { describe, NOTHING } from "../core/state.ts";
import { createCreditsStore } from "../core/store.ts";
import type { CreditsStore, Session, Snapshot } from "../core/types.ts";
import { useLatest } from "./latest.ts";
import { en, type Texts } from "./texts.ts";
import type { CreditsContextValue, CreditsProviderProps } from "./types.ts";

export const CreditsContext = createContext<CreditsContextValue | null>(null);

/** On a server, and while a page that came from one wakes up. */
const UNKNOWN: Snapshot = { ...describe(NOTHING), status: "loading" };

/** Gives all below it the credits of the one who is signed in. Options of the store are read once. */
export function CreditsProvider(props: CreditsProviderProps): ReactElement {
  const { children, store: given, session, locale, texts, ...options } = props;
  const onSessionEnd = useLatest(options.onSessionEnd);
  const [own] = useState(() =>
    given === undefined
      ? createCreditsStore({
          ...options,
          session: session ?? null,
          onSessionEnd: (end) => onSessionEnd.current?.(end),
        })
      : undefined,
  );
  const store = given ?? (own as CreditsStore);
  useSession(store, session);
  const language = locale ?? globalThis.navigator?.language ?? "en";
  const words = useTexts(language);
  const value = useMemo(
    () => ({ store, locale: language, texts: { ...words, ...texts } }),
    [store, language, words, texts],
  );
  // React 18 knows no other way.
  return <CreditsContext.Provider value={value}>{children}</CreditsContext.Provider>;
}

/** Another window's sign-out stands until the property names somebody anew: a mere re-render signs nobody in again. */
function useSession(store: CreditsStore, session: Session | null | undefined): void {
  const last = useRef<string | null>(null);
  const userId = session?.userId ?? null;
  const getToken = session?.getToken;
  useEffect(() => {
    const was = last.current;
    last.current = userId;
    if (userId === null || getToken === undefined) {
      if (was !== null) store.signOut();
    } else if (userId !== was || store.getSnapshot().userId === userId) {
      store.signIn({ userId, getToken });
    }
  }, [store, userId, getToken]);
}

/** English at once; who reads Chinese gets 简体中文 as soon as it is loaded, and nobody else has to load it. */
function useTexts(locale: string): Texts {
  const [chinese, setChinese] = useState<Texts>();
  const isChinese = /^zh\b/i.test(locale);
  useEffect(() => {
    if (isChinese) void import("./zh-cn.ts").then(({ zhCN }) => setChinese(zhCN));
  }, [isChinese]);
  return (isChinese && chinese) || en;
}

/** @throws Error outside a CreditsProvider */
export function useCreditsContext(): CreditsContextValue {
  const value = useContext(CreditsContext);
  if (value === null) throw new Error("There is no CreditsProvider above");
  return value;
}

export function useCreditsStore(): CreditsStore {
  return useCreditsContext().store;
}

export function useCreditsSnapshot(): Snapshot {
  const { store } = useCreditsContext();
  return useSyncExternalStore(store.subscribe, store.getSnapshot, () => UNKNOWN);
}
