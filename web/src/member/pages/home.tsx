import { Button } from "@mantine/core";
import { useCredits, useGrants, useMembership, useMeter } from "@stipend/react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { GrantKind } from "../../api/types.ts";
import { useFormat } from "../../i18n/format.ts";
import { Card, Page } from "../../ui/page.tsx";
import { Ring } from "../../ui/ring.tsx";
import { Empty, Failure, Loading } from "../../ui/states.tsx";
import ui from "../../ui/ui.module.css";
import { Num, Pill } from "../../ui/values.tsx";
import styles from "../member.module.css";
import { RecentRows } from "../recent-rows.tsx";

/** What there is, what it is made of, and when each part of it lapses. */
export function Home() {
  const { t } = useTranslation();
  const { credits, error, refresh, frozen } = useCredits();
  if (credits === null) {
    return (
      <Page title={t("member.home.title")}>
        <Card>{error === null ? <Loading /> : <Failure error={error} onRetry={() => void refresh()} />}</Card>
      </Page>
    );
  }
  return (
    <Page title={t("member.home.title")} lead={<MembershipLine />}>
      {error === null ? null : <Failure error={error} onRetry={() => void refresh()} />}
      {frozen ? (
        <p className={styles.notice} role="status">
          {t("member.home.frozen")}
        </p>
      ) : null}
      <div className={styles.hero}>
        <Balance />
        <AllowanceRing />
      </div>
      <div className={ui.two}>
        <Parts />
        <Card
          flush
          title={t("member.home.recent")}
          actions={
            <Link href="/history" className={ui.link}>
              {t("member.home.allHistory")}
            </Link>
          }
        >
          <RecentRows />
        </Card>
      </div>
    </Page>
  );
}

function MembershipLine() {
  const { t } = useTranslation();
  const format = useFormat();
  const { membership, isMember } = useMembership();
  if (membership === null) return null;
  if (!isMember || membership.tier === null) return <>{t("member.home.noMember")}</>;
  const tier = t(`tiers.${membership.tier}`, { defaultValue: membership.tier });
  const end = membership.currentPeriodEnd === null ? "" : format.date(membership.currentPeriodEnd);
  return <>{t(membership.cancelAtPeriodEnd ? "member.home.ends" : "member.home.renews", { tier, date: end })}</>;
}

function Balance() {
  const { t } = useTranslation();
  const { spendable, balance, held, live } = useCredits();
  return (
    <section className={styles.balance} aria-label={t("member.home.available")}>
      <h2 className={ui.hint}>{t("member.home.available")}</h2>
      <p className={styles.big} data-testid="balance">
        <Num value={spendable ?? 0} />
      </p>
      <p className={ui.hint}>
        {t("member.home.ofWhich", { count: balance ?? 0 })}
        {(held ?? 0) > 0 ? ` · ${t("member.home.held", { count: held ?? 0 })}` : ""}
      </p>
      <div className={styles.heroActions}>
        <Button component={Link} href="/plans">
          {t("member.home.more")}
        </Button>
        <Button component={Link} href="/try" variant="default">
          {t("member.home.spend")}
        </Button>
      </div>
      <p className={styles.live} data-live={live === "live"}>
        {t(live === "live" ? "member.home.live" : "member.home.notLive")}
      </p>
    </section>
  );
}

function AllowanceRing() {
  const { t } = useTranslation();
  const format = useFormat();
  const { ratio, remaining, monthlyCredits, nextResetAt, low } = useMeter();
  if (ratio === null || remaining === null || monthlyCredits === null) {
    return (
      <section className={styles.allowance}>
        <Empty title={t("member.home.noAllowance")}>{t("member.home.noAllowanceLead")}</Empty>
      </section>
    );
  }
  const words = t("member.home.allowanceLabel", { remaining, total: monthlyCredits });
  return (
    <section className={styles.allowance} aria-label={t("member.home.allowance")}>
      <Ring ratio={ratio} size={184} label={words}>
        <span className={styles.ringNumber}>
          <Num value={remaining} />
        </span>
        <span className={ui.hint}>{t("member.home.of", { total: format.number(monthlyCredits) })}</span>
      </Ring>
      <div>
        <h2 className={ui.cardTitle}>{t("member.home.allowance")}</h2>
        <p className={ui.hint}>
          {nextResetAt === null
            ? t("member.home.noReset")
            : t("member.home.nextReset", { date: format.date(nextResetAt) })}
        </p>
        {low ? <Pill tone="warn">{t("member.home.low")}</Pill> : null}
      </div>
    </section>
  );
}

function Parts() {
  const { t } = useTranslation();
  const format = useFormat();
  const { grants } = useGrants();
  const meter = useMeter();
  const lapse = (kind: string, expiresAt: string | null): string => {
    if (expiresAt !== null) return t("member.home.lapses", { date: format.date(expiresAt) });
    if (kind !== "allowance") return t("member.home.stays");
    return meter.nextResetAt === null
      ? t("member.home.stays")
      : t("member.home.lapsesAtReset", { date: format.date(meter.nextResetAt) });
  };
  const total = grants?.reduce((sum, grant) => sum + grant.remaining, 0) ?? 0;
  return (
    <Card title={t("member.home.parts")} hint={t("member.home.partsHint")}>
      {grants === null ? (
        <Loading rows={3} />
      ) : grants.length === 0 ? (
        <Empty title={t("member.home.noParts")}>{t("member.home.noPartsLead")}</Empty>
      ) : (
        <>
          <div className={styles.stack} aria-hidden="true">
            {grants.map((grant, index) => (
              <span key={grant.id} style={{ flexGrow: grant.remaining / total }} data-series={Math.min(index, 3)} />
            ))}
          </div>
          <ul className={styles.parts}>
            {grants.map(({ id, kind, remaining, expiresAt }, index) => (
              <li key={id}>
                <span className={styles.swatch} data-series={Math.min(index, 3)} aria-hidden="true" />
                <span>
                  <b>{t(`kinds.${kind as GrantKind}`, { defaultValue: kind })}</b>
                  <span className={ui.hint}>{lapse(kind, expiresAt)}</span>
                </span>
                <Num value={remaining} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}
