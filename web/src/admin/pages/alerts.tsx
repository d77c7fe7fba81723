import { Button, SegmentedControl, Select } from "@mantine/core";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useApi } from "../../api/api-context.tsx";
import { usePages } from "../../api/pages.ts";
import type { Alert, AlertStatus } from "../../api/types.ts";
import { useRole } from "../../session/session-context.tsx";
import { ActionDialog } from "../../ui/action-dialog.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { More } from "../../ui/table.tsx";
import ui from "../../ui/ui.module.css";
import { Pill, type Tone, When } from "../../ui/values.tsx";
import styles from "../admin.module.css";
import { useLookAgain } from "../live/live-console.tsx";
import { UserLink } from "../user-link.tsx";

const STATUSES = ["open", "acknowledged", "resolved"] as const;
const FAMILIES = ["consistency", "membership", "transactions", "admin", "machinery"] as const;
const TONES: Readonly<Record<Alert["severity"], Tone>> = { info: "plain", warning: "warn", critical: "bad" };

/** What the monitor found; new alerts arrive by themselves while the page is open. */
export function Alerts() {
  const { t } = useTranslation();
  const [status, setStatus] = useState<AlertStatus>("open");
  const [family, setFamily] = useState("");
  const pages = usePages<Alert>("/api/admin/alerts", { status, family, limit: 50 }, { refetchMs: useLookAgain() });
  const isNew = useArrivals(`${status} ${family}`, pages.rows);
  return (
    <Page title={t("admin.alerts.title")} lead={t("admin.alerts.lead")}>
      <div className={ui.filters}>
        <SegmentedControl
          aria-label={t("common.status")}
          value={status}
          onChange={(value) => setStatus(value as AlertStatus)}
          data={STATUSES.map((value) => ({ value, label: t(`alerts.${value}`) }))}
        />
        <Select
          aria-label={t("admin.alerts.family")}
          value={family}
          onChange={(value) => setFamily(value ?? "")}
          data={["", ...FAMILIES].map((value) => ({
            value,
            label: value === "" ? t("admin.alerts.allFamilies") : t(`families.${value}`),
          }))}
        />
      </div>
      <Card flush>
        <div aria-live="polite" aria-relevant="additions">
          <Loaded
            query={{ ...pages.query, data: pages.rows }}
            isEmpty={(rows) => rows.length === 0}
            empty={<Empty title={t("admin.alerts.empty")}>{t("admin.alerts.emptyLead")}</Empty>}
          >
            {(rows) => rows.map((alert) => <AlertRow key={alert.id} alert={alert} fresh={isNew(alert.id)} />)}
          </Loaded>
        </div>
        <More pages={pages} />
      </Card>
    </Page>
  );
}

/** Which of the rows came while one was looking; those that stood there at first are not news. */
function useArrivals(view: string, rows: readonly Alert[] | undefined): (id: string) => boolean {
  const known = useRef<{ view: string; ids: ReadonlySet<string> }>(undefined);
  if (rows !== undefined && known.current?.view !== view) {
    known.current = { view, ids: new Set(rows.map(({ id }) => id)) };
  }
  return (id) => known.current?.ids.has(id) === false;
}

function AlertRow({ alert, fresh }: { alert: Alert; fresh: boolean }) {
  const { t } = useTranslation();
  const [acting, setActing] = useState<"acknowledge" | "resolve">();
  const admin = useRole("admin");
  return (
    <article className={`${styles.alert} ${fresh ? styles.fresh : ""}`}>
      <div>
        <div className={styles.alertHead}>
          <h3>{t(`rules.${alert.rule}`, { defaultValue: alert.rule })}</h3>
          <Pill tone={TONES[alert.severity]}>{t(`severities.${alert.severity}`)}</Pill>
          <Pill dot={false}>{t(`families.${alert.family}`)}</Pill>
        </div>
        <p className={ui.hint}>
          {alert.userId === null ? null : (
            <>
              <UserLink userId={alert.userId} /> ·{" "}
            </>
          )}
          <When at={alert.lastSeenAt} time /> · {t("admin.alerts.times", { count: alert.count })}
        </p>
        <Handled alert={alert} />
        <Evidence evidence={alert.evidence} />
      </div>
      {admin && alert.status !== "resolved" ? (
        <div className={styles.alertActions}>
          {alert.status === "open" ? (
            <Button variant="default" onClick={() => setActing("acknowledge")}>
              {t("admin.alerts.acknowledge")}
            </Button>
          ) : null}
          <Button variant="light" onClick={() => setActing("resolve")}>
            {t("admin.alerts.resolve")}
          </Button>
        </div>
      ) : null}
      {acting === undefined ? null : <AlertDialog alert={alert} action={acting} onClose={() => setActing(undefined)} />}
    </article>
  );
}

function Handled({ alert }: { alert: Alert }) {
  const { t } = useTranslation();
  if (alert.status === "resolved" && alert.resolution === "recovered") {
    return <p className={ui.hint}>{t("admin.alerts.recovered")}</p>;
  }
  const who = alert.status === "resolved" ? alert.resolvedBy : alert.acknowledgedBy;
  if (who === null) return null;
  const note = alert.note === null || alert.note === "" ? "" : ` · ${alert.note}`;
  return <p className={ui.hint}>{`${t(`admin.alerts.by.${alert.status}`, { actor: who })}${note}`}</p>;
}

function Evidence({ evidence }: { evidence: Alert["evidence"] }) {
  const { t } = useTranslation();
  const entries = Object.entries(evidence);
  if (entries.length === 0) return null;
  return (
    <details className={styles.evidence}>
      <summary>{t("admin.alerts.evidence")}</summary>
      <dl className={styles.pairs}>
        {entries.flatMap(([name, value]) => [
          <dt key={`${name}-name`}>{name}</dt>,
          <dd key={`${name}-value`}>{typeof value === "object" ? JSON.stringify(value) : String(value)}</dd>,
        ])}
      </dl>
    </details>
  );
}

interface DialogProps {
  readonly alert: Alert;
  readonly action: "acknowledge" | "resolve";
  readonly onClose: () => void;
}

function AlertDialog({ alert, action, onClose }: DialogProps) {
  const { t } = useTranslation();
  const api = useApi();
  return (
    <ActionDialog
      title={t(`admin.alerts.${action}`)}
      lead={t(`admin.alerts.${action}Lead`)}
      submit={t(`admin.alerts.${action}`)}
      done={t(`admin.alerts.${action}Done`)}
      onClose={onClose}
      run={(reason) => api.post(`/api/admin/alerts/${alert.id}/${action}`, { reason })}
    />
  );
}
