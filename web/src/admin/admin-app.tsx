import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Route, Router, Switch } from "wouter";
import { useRole, useSessionUser } from "../session/session-context.tsx";
import { Crash } from "../shell/crash.tsx";
import { Frame, type NavItem } from "../shell/frame.tsx";
import { Missing } from "../shell/missing.tsx";
import { Preferences } from "../shell/preferences.tsx";
import { Page } from "../ui/page.tsx";
import { Loading } from "../ui/states.tsx";
import { Pill } from "../ui/values.tsx";
import styles from "./admin.module.css";
import { LiveConsole, LiveSign, useLookAgain } from "./live/live-console.tsx";
import { usePendingApprovals } from "./use-approvals.ts";
import { useOverview } from "./use-overview.ts";

const OverviewPage = lazy(async () => ({ default: (await import("./pages/overview.tsx")).OverviewPage }));
const Users = lazy(async () => ({ default: (await import("./pages/users.tsx")).Users }));
const UserPage = lazy(async () => ({ default: (await import("./pages/user.tsx")).UserPage }));
const Approvals = lazy(async () => ({ default: (await import("./pages/approvals.tsx")).Approvals }));
const Catalogue = lazy(async () => ({ default: (await import("./pages/catalogue.tsx")).Catalogue }));
const Alerts = lazy(async () => ({ default: (await import("./pages/alerts.tsx")).Alerts }));
const ConsistencyPage = lazy(async () => ({ default: (await import("./pages/consistency.tsx")).ConsistencyPage }));
const Audit = lazy(async () => ({ default: (await import("./pages/audit.tsx")).Audit }));

/** For support, admins and auditors; each sees the pages the gateway would let them read. */
export function AdminApp() {
  const support = useRole("support");
  const admin = useRole("admin");
  const auditor = useRole("auditor");
  if (!support && !admin && !auditor) return <NotForYou />;
  return (
    <Router base="/admin">
      {support || admin ? (
        <LiveConsole>
          <Console audit={admin || auditor} />
        </LiveConsole>
      ) : (
        <AuditOnly />
      )}
    </Router>
  );
}

function Console({ audit }: { audit: boolean }) {
  const { t } = useTranslation();
  const overview = useOverview(useLookAgain());
  const approvals = usePendingApprovals();
  const nav: readonly NavItem[] = [
    { href: "/", name: t("admin.nav.overview"), icon: "home" },
    { href: "/users", name: t("admin.nav.users"), icon: "users" },
    { href: "/approvals", name: t("admin.nav.approvals"), icon: "approvals", count: approvals },
    { href: "/catalogue", name: t("admin.nav.catalogue"), icon: "plans" },
    { href: "/alerts", name: t("admin.nav.alerts"), icon: "alerts", count: overview.data?.alerts.open },
    { href: "/consistency", name: t("admin.nav.consistency"), icon: "consistency" },
    ...(audit ? [{ href: "/audit", name: t("admin.nav.audit"), icon: "audit" } as const] : []),
  ];
  return (
    <Frame
      layout="side"
      nav={nav}
      aside={
        <>
          <Whoami />
          <LiveSign />
        </>
      }
    >
      <Crash>
        <Suspense fallback={<Loading />}>
          <Switch>
            <Route path="/" component={OverviewPage} />
            <Route path="/users" component={Users} />
            <Route path="/users/:userId">
              {({ userId }) => <UserPage key={userId} userId={decodeURIComponent(userId)} />}
            </Route>
            <Route path="/approvals" component={Approvals} />
            <Route path="/catalogue" component={Catalogue} />
            <Route path="/alerts" component={Alerts} />
            <Route path="/consistency" component={ConsistencyPage} />
            {audit ? <Route path="/audit" component={Audit} /> : null}
            <Route component={Missing} />
          </Switch>
        </Suspense>
      </Crash>
    </Frame>
  );
}

function AuditOnly() {
  const { t } = useTranslation();
  return (
    <Frame layout="side" nav={[{ href: "/audit", name: t("admin.nav.audit"), icon: "audit" }]} aside={<Whoami />}>
      <Suspense fallback={<Loading />}>
        <Audit />
      </Suspense>
    </Frame>
  );
}

function Whoami() {
  const { t } = useTranslation();
  const roles = useSessionUser()?.roles ?? [];
  const shown = ["admin", "support", "auditor"].find((role) => roles.includes(role)) ?? "user";
  return <Pill dot={false}>{t(`roles.${shown}`)}</Pill>;
}

function NotForYou() {
  const { t } = useTranslation();
  return (
    <main className={styles.refused}>
      <Page title={t("admin.refused")} lead={t("admin.refusedLead")} actions={<Preferences />}>
        <p>
          <a href="/">{t("admin.toMemberApp")}</a>
        </p>
      </Page>
    </main>
  );
}
