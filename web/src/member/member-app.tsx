import { CreditsBadge, CreditsProvider, type Session as CreditsSession } from "@stipend/react";
import { lazy, type ReactNode, Suspense, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Route, Switch } from "wouter";
import { useSession, useSessionUser } from "../session/session-context.tsx";
import { Crash } from "../shell/crash.tsx";
import { Frame, type NavItem } from "../shell/frame.tsx";
import { Missing } from "../shell/missing.tsx";
import { Loading } from "../ui/states.tsx";
import { Toasts } from "./toasts.tsx";

const Home = lazy(async () => ({ default: (await import("./pages/home.tsx")).Home }));
const UsagePage = lazy(async () => ({ default: (await import("./pages/usage.tsx")).UsagePage }));
const History = lazy(async () => ({ default: (await import("./pages/history.tsx")).History }));
const Plans = lazy(async () => ({ default: (await import("./pages/plans.tsx")).Plans }));
const TryIt = lazy(async () => ({ default: (await import("./pages/try-it.tsx")).TryIt }));

/** The account of whoever is signed in. It stays when nobody is: so that a sign-out makes it forget. */
export function OwnCredits({ children }: { children: ReactNode }) {
  const { i18n } = useTranslation();
  return (
    <CreditsProvider session={useCreditsSession()} locale={i18n.language}>
      {children}
    </CreditsProvider>
  );
}

/** What a member sees: the balance, where it went, what can be had, and a feature to try. */
export function MemberApp() {
  return (
    <>
      <Toasts />
      <Inside />
    </>
  );
}

function Inside() {
  const { t } = useTranslation();
  const nav: readonly NavItem[] = [
    { href: "/", name: t("member.nav.home"), icon: "home" },
    { href: "/usage", name: t("member.nav.usage"), icon: "usage" },
    { href: "/history", name: t("member.nav.history"), icon: "history" },
    { href: "/plans", name: t("member.nav.plans"), icon: "plans" },
    { href: "/try", name: t("member.nav.try"), icon: "try" },
  ];
  return (
    <Frame layout="top" nav={nav} aside={<CreditsBadge />}>
      <Crash>
        <Suspense fallback={<Loading />}>
          <Switch>
            <Route path="/" component={Home} />
            <Route path="/usage" component={UsagePage} />
            <Route path="/history" component={History} />
            <Route path="/plans" component={Plans} />
            <Route path="/try" component={TryIt} />
            <Route component={Missing} />
          </Switch>
        </Suspense>
      </Crash>
    </Frame>
  );
}

/** The session as @stipend/react wants it: the same object as long as it is the same user. */
function useCreditsSession(): CreditsSession | null {
  const session = useSession();
  const userId = useSessionUser()?.id;
  return useMemo(() => {
    if (userId === undefined) return null;
    return { userId, getToken: async ({ refresh }) => (await session.getToken({ refresh })) ?? null };
  }, [session, userId]);
}
