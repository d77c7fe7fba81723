import { Button, Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useApi } from "../../api/api-context.tsx";
import { usePages } from "../../api/pages.ts";
import type { AuditEntry, Verification } from "../../api/types.ts";
import { Icon } from "../../ui/icons.tsx";
import { Card, Facts, Page } from "../../ui/page.tsx";
import { Empty, Failure, Loaded } from "../../ui/states.tsx";
import { More } from "../../ui/table.tsx";
import ui from "../../ui/ui.module.css";
import { Num, Pill, When } from "../../ui/values.tsx";
import styles from "../admin.module.css";
import { diffOf } from "../json-diff.ts";

const NO_FILTER = { actor: "", action: "", target: "", outcome: "", from: "", to: "" };
type Filter = typeof NO_FILTER;

/** Who did what to whom, from where and why; and the proof that nobody has touched the record since. */
export function Audit() {
  const { t } = useTranslation();
  const api = useApi();
  const [typed, setTyped] = useState(NO_FILTER);
  const [filter] = useDebouncedValue(typed, 300);
  const query = queryOf(filter);
  const pages = usePages<AuditEntry>("/api/admin/audit", { ...query, limit: 50 });
  const save = useMutation({ mutationFn: () => api.download("/api/admin/audit.csv", query, "stipend-audit.csv") });
  return (
    <Page
      title={t("admin.audit.title")}
      lead={t("admin.audit.lead")}
      actions={
        <Button
          variant="default"
          leftSection={<Icon name="down" size={18} />}
          loading={save.isPending}
          onClick={() => save.mutate()}
        >
          {t("admin.audit.export")}
        </Button>
      }
    >
      {save.error === null ? null : <Failure error={save.error} />}
      <Verify />
      <Filters filter={typed} onChange={setTyped} />
      <Card flush>
        <Loaded
          query={{ ...pages.query, data: pages.rows }}
          rows={8}
          isEmpty={(rows) => rows.length === 0}
          empty={<Empty title={t("admin.audit.empty")}>{t("admin.audit.emptyLead")}</Empty>}
        >
          {(rows) => rows.map((entry) => <Entry key={entry.id} entry={entry} />)}
        </Loaded>
        <More pages={pages} />
      </Card>
    </Page>
  );
}

function queryOf({ from, to, ...texts }: Filter): Record<string, string> {
  const end = to === "" ? "" : new Date(new Date(`${to}T00:00:00`).getTime() + 86_400_000).toISOString();
  const all = { ...texts, from: from === "" ? "" : new Date(`${from}T00:00:00`).toISOString(), to: end };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, value.trim()]));
}

function Filters({ filter, onChange }: { filter: Filter; onChange: (filter: Filter) => void }) {
  const { t } = useTranslation();
  const set = (name: keyof Filter, value: string): void => onChange({ ...filter, [name]: value });
  const text = (name: "actor" | "action" | "target") => (
    <TextInput
      key={name}
      label={t(`admin.audit.${name}`)}
      placeholder={t(`admin.audit.${name}Hint`)}
      value={filter[name]}
      onChange={(event) => set(name, event.currentTarget.value)}
      style={{ flex: "1 1 8rem" }}
    />
  );
  const day = (name: "from" | "to") => (
    <TextInput
      key={name}
      type="date"
      label={t(`common.${name}`)}
      value={filter[name]}
      onChange={(event) => set(name, event.currentTarget.value)}
    />
  );
  return (
    <div className={ui.filters}>
      {text("actor")}
      {text("action")}
      {text("target")}
      <Select
        label={t("admin.audit.outcome")}
        value={filter.outcome}
        onChange={(value) => set("outcome", value ?? "")}
        style={{ flex: "1 1 7rem" }}
        data={["", "succeeded", "refused"].map((value) => ({
          value,
          label: value === "" ? t("common.all") : t(`outcomes.${value}`),
        }))}
      />
      {day("from")}
      {day("to")}
    </div>
  );
}

function Verify() {
  const { t } = useTranslation();
  const api = useApi();
  const verify = useMutation({ mutationFn: () => api.get<Verification>("/api/admin/audit/verify") });
  const { data } = verify;
  return (
    <Card
      title={t("admin.audit.chain")}
      hint={t("admin.audit.chainHint")}
      actions={
        <Button variant="light" loading={verify.isPending} onClick={() => verify.mutate()}>
          {t("admin.audit.verify")}
        </Button>
      }
    >
      <div aria-live="polite">
        {verify.error === null ? null : <Failure error={verify.error} />}
        {data === undefined ? null : (
          <Facts
            facts={[
              [
                t("admin.audit.verdict"),
                <Pill key="verdict" tone={data.valid ? "good" : "bad"}>
                  {t(data.valid ? "admin.audit.whole" : "admin.audit.broken")}
                </Pill>,
              ],
              [t("admin.audit.checked"), <Num key="checked" value={data.checked} />],
              [t("admin.audit.anchors"), data.anchors.map(({ source }) => source).join(", ") || "–"],
              [
                t("admin.audit.head"),
                <span key="head" className={styles.mono}>
                  {data.head.hash.slice(0, 16)}…
                </span>,
              ],
            ]}
          />
        )}
        {data?.firstBad == null ? null : (
          <p className={ui.failure}>
            #{data.firstBad.seq} · {data.firstBad.kind} · {data.firstBad.detail}
          </p>
        )}
      </div>
    </Card>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const { t } = useTranslation();
  return (
    <details className={styles.entry}>
      <summary>
        <span className={ui.hint}>
          <When at={entry.createdAt} time />
        </span>
        <span>
          <b>{entry.actor === "" ? t("admin.audit.nobody") : entry.actor}</b> {entry.action}{" "}
          {entry.target === "" ? "" : "→ "}
          <b>{entry.target}</b>
          <br />
          <span className={ui.hint}>{entry.reason}</span>
        </span>
        <Pill tone={entry.outcome === "refused" ? "bad" : "good"}>{t(`outcomes.${entry.outcome}`)}</Pill>
      </summary>
      <div className={styles.entryBody}>
        <Diff before={entry.before} after={entry.after} />
        <dl className={styles.pairs}>
          <dt>{t("admin.audit.roles")}</dt>
          <dd>{entry.roles.join(", ") || "–"}</dd>
          <dt>{t("admin.audit.from")}</dt>
          <dd>
            {entry.ip} · {entry.userAgent}
          </dd>
          <dt>{t("admin.audit.request")}</dt>
          <dd className={styles.mono}>{entry.requestId}</dd>
          <dt>{t("admin.audit.hash")}</dt>
          <dd className={styles.mono}>
            #{entry.seq} {entry.hash}
          </dd>
        </dl>
      </div>
    </details>
  );
}

function Diff({ before, after }: { before: unknown; after: unknown }) {
  const { t } = useTranslation();
  const fields = diffOf(before, after);
  if (fields.length === 0) return <p className={ui.hint}>{t("admin.audit.noDiff")}</p>;
  return (
    <table className={styles.diff}>
      <thead>
        <tr>
          <th scope="col">{t("admin.audit.field")}</th>
          <th scope="col">{t("admin.audit.before")}</th>
          <th scope="col">{t("admin.audit.after")}</th>
        </tr>
      </thead>
      <tbody>
        {fields.map(({ path, was, is, changed }) => (
          <tr key={path}>
            <th scope="row">{path}</th>
            <td className={changed ? styles.was : undefined}>{was ?? ""}</td>
            <td className={changed ? styles.is : undefined}>{is ?? ""}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
