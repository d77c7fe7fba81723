import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/newsreader/wght.css";
import "./tokens.css";
import "@mantine/core/styles.layer.css";
import "@mantine/notifications/styles.layer.css";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ComponentType, Fragment, lazy, type ReactNode, StrictMode, Suspense, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { ApiProvider } from "../api/api-context.tsx";
import { problemOf } from "../api/problem.ts";
import { startI18n, type Words } from "../i18n/i18n.ts";
import { openSession } from "../session/open-session.ts";
import type { Session } from "../session/session.ts";
import { SessionProvider, useSessionUser } from "../session/session-context.tsx";
import { Crash } from "./crash.tsx";
import { readSettings, styleNonce } from "./settings.ts";
import { cssVariablesResolver, theme } from "./theme.ts";

const SignIn = lazy(async () => ({ default: (await import("./sign-in.tsx")).SignIn }));

/** Mantine's dialogs are at 200: a notice never lies on the buttons of one; the frame's bars are at 20. */
const BELOW_DIALOGS = 150;

/** Broken connections and servers that are away are tried twice more; a refusal is an answer. */
function newQueryClient(): QueryClient {
  const isPassing = (error: unknown): boolean => [0, 502, 503, 504].includes(problemOf(error).status);
  return new QueryClient({
    defaultOptions: { queries: { staleTime: 15_000, retry: (count, error) => count < 2 && isPassing(error) } },
  });
}

export interface AppParts {
  readonly app: ReactNode;
  readonly words: Words;
  /** Stands around whatever is shown, signed in or not: what has to hear of a sign-out. */
  readonly around?: ComponentType<{ readonly children: ReactNode }>;
}

/** Starts one of the apps: settings, session and words first, then the page. */
export async function boot({ app, words, around: Around = Fragment }: AppParts): Promise<void> {
  const nonce = styleNonce();
  // Where react-remove-scroll (the dialogs' scroll lock) looks for it.
  Object.assign(globalThis, { __webpack_nonce__: nonce });
  const [session] = await Promise.all([openSession(readSettings().signIn), startI18n(words)]);
  const root = document.getElementById("root");
  if (root === null) throw new Error("the page has no #root");
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariablesResolver}
        defaultColorScheme="auto"
        getStyleNonce={() => nonce}
      >
        <Crash>
          <SessionProvider session={session}>
            <Around>
              <SignedIn session={session}>{app}</SignedIn>
            </Around>
          </SessionProvider>
        </Crash>
      </MantineProvider>
    </StrictMode>,
  );
}

/** Everything below belongs to one user: another user gets a tree, a cache and dialogs of its own. */
function SignedIn({ session, children }: { session: Session; children: ReactNode }) {
  const user = useSessionUser();
  if (user === undefined) {
    return (
      <Suspense>
        <SignIn />
      </Suspense>
    );
  }
  return (
    <OneUser key={user.id} session={session}>
      {children}
    </OneUser>
  );
}

function OneUser({ session, children }: { session: Session; children: ReactNode }) {
  const [queries] = useState(newQueryClient);
  useEffect(() => () => queries.clear(), [queries]);
  return (
    <QueryClientProvider client={queries}>
      <ApiProvider session={session}>
        {/* Where least is to be clicked: the right edge has the buttons of tables, the upper one dialogs. */}
        <Notifications position="bottom-center" limit={4} autoClose={6_000} zIndex={BELOW_DIALOGS} />
        {children}
      </ApiProvider>
    </QueryClientProvider>
  );
}
