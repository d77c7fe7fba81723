import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Overview } from "../../api/types.ts";
import { useFormat } from "../../i18n/format.ts";
import { Bars } from "../../ui/charts.tsx";
import { Card, Page, Stat } from "../../ui/page.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import ui from "../../ui/ui.module.css";
import { Num, Pill, When } from "../../ui/values.tsx";
import styles from "../admin.module.css";
import { figuresOf } from "../day-series.ts";
import { useDayTotals, useOverview } from "../use-overview.ts";

/** The state of everything at a glance. */
export function OverviewPage() {
  const { t } = useTranslation();
  const [days, setDays] = useState(30);
  const overview = useOverview();
  return (
    <Page
      title={t("admin.overview.title")}
      lead={overview.data === undefined ? undefined : <AsOf at={overview.data.asOf} />}
      actions={
        <SegmentedControl
          aria-label={t("admin.overview.range")}
          value={String(days)}
          onChange={(value) => setDays(Number(value))}
          data={[7, 30, 90].map((value) => ({
            value: String(value),
            label: t("admin.overview.days", { count: value }),
          }))}
        />
      }
    >
      <Loaded query={overview}>
        {(data) => (
          <>
            <Numbers data={data} />
            <Charts days={days} />
            <div className={ui.two}>
              <Tiers data={data} />
              <Streams data={data} />
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function AsOf({ at }: { at: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  return <>{t("admin.overview.asOf", { time: format.dateTime(at) })}</>;
}

function Numbers({ data }: { data: Overview }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { accounts, members, alerts, consistency } = data;
  const clean = consistency.different === 0;
  return (
    <div className={ui.stats}>
      <Stat
        name={t("admin.overview.circulation")}
        value={<Num value={accounts.balance} />}
        hint={t("admin.overview.reserved", { count: accounts.held })}
      />
      <Stat
        name={t("admin.overview.members")}
        value={<Num value={members.active} />}
        hint={t("admin.overview.ofUsers", { count: accounts.known, users: format.number(accounts.known) })}
      />
      <Stat
        name={t("admin.overview.openAlerts")}
        value={<Num value={alerts.open} />}
        hint={
          <Link href="/alerts" className={ui.link}>
            {t("admin.overview.critical", { count: alerts.bySeverity["critical"] ?? 0 })}
          </Link>
        }
      />
      <Stat
        name={t("admin.overview.books")}
        value={<Num value={consistency.different} />}
        hint={
          <Pill tone={clean ? "good" : "bad"}>
            {t(clean ? "admin.overview.booksAgree" : "admin.overview.booksDiffer")}
          </Pill>
        }
      />
    </div>
  );
}

function Charts({ days }: { days: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const totals = useDayTotals(days);
  return (
    <Loaded query={totals} rows={6}>
      {(data) => {
        const rows = figuresOf(data).map((each) => ({ ...each, label: format.day(`${each.day}T00:00:00Z`, "UTC") }));
        return (
          <>
            <Card title={t("admin.overview.flow")} hint={t("admin.overview.flowHint")}>
              <Bars
                label={t("admin.overview.flow")}
                diverging
                series={[
                  { key: "credited", name: t("admin.overview.in") },
                  { key: "debited", name: t("admin.overview.out") },
                ]}
                rows={rows}
              />
            </Card>
            <div className={ui.two}>
              <Card title={t("admin.overview.failures")} hint={t("admin.overview.failuresHint")}>
                <Bars
                  label={t("admin.overview.failures")}
                  height={180}
                  series={[
                    { key: "failedUses", name: t("admin.overview.failedUses") },
                    { key: "refused", name: t("admin.overview.refusedAttempts") },
                  ]}
                  rows={rows}
                />
              </Card>
              <Card title={t("admin.overview.resets")} hint={t("admin.overview.resetsHint")}>
                <Bars
                  label={t("admin.overview.resets")}
                  height={180}
                  series={[{ key: "resets", name: t("admin.overview.resets") }]}
                  rows={rows}
                />
              </Card>
            </div>
          </>
        );
      }}
    </Loaded>
  );
}

function Tiers({ data }: { data: Overview }) {
  const { t } = useTranslation();
  const tiers = Object.entries(data.members.byTier).sort(([, a], [, b]) => b - a);
  const most = Math.max(1, ...tiers.map(([, members]) => members));
  return (
    <Card title={t("admin.overview.byTier")}>
      {tiers.length === 0 ? (
        <Empty title={t("admin.overview.noMembers")} />
      ) : (
        <ul className={styles.bars}>
          {tiers.map(([tier, members]) => (
            <li key={tier}>
              <span>{t(`tiers.${tier}`, { defaultValue: tier })}</span>
              <span className={styles.track} aria-hidden="true">
                <span style={{ width: `${(100 * members) / most}%` }} />
              </span>
              <Num value={members} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Streams({ data }: { data: Overview }) {
  const { t } = useTranslation();
  return (
    <Card title={t("admin.overview.streams")} hint={t("admin.overview.streamsHint")}>
      {data.topics.length === 0 ? (
        <Empty title={t("admin.overview.noStreams")} />
      ) : (
        <ul className={styles.lines}>
          {data.topics.map(({ topic, events, lastEventAt }) => (
            <li key={topic}>
              <span>
                <b>{topic}</b>
                <span className={ui.hint}>
                  <When at={lastEventAt} time />
                </span>
              </span>
              <Num value={events} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
