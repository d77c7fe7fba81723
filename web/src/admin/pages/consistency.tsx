import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useApi } from "../../api/api-context.tsx";
import type { Consistency, ConsistencyReport } from "../../api/types.ts";
import { useRole } from "../../session/session-context.tsx";
import { Card, Facts, Page, Stat } from "../../ui/page.tsx";
import { Empty, Failure, Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import ui from "../../ui/ui.module.css";
import { Change, Num, Pill, When } from "../../ui/values.tsx";
import { LOOK_AGAIN_MS } from "../use-overview.ts";
import { UserLink } from "../user-link.tsx";
import { RepairDialog } from "./repair-dialog.tsx";

type Difference = Consistency["differences"][number];

/** Whether the ledger agrees with itself and with the status view, account by account. */
export function ConsistencyPage() {
  const { t } = useTranslation();
  const api = useApi();
  const admin = useRole("admin");
  const state = useQuery({
    queryKey: ["consistency"],
    queryFn: ({ signal }) => api.get<Consistency>("/api/admin/consistency", {}, signal),
    refetchInterval: LOOK_AGAIN_MS,
  });
  return (
    <Page title={t("admin.consistency.title")} lead={t("admin.consistency.lead")}>
      <Loaded query={state}>
        {(data) => (
          <>
            <div className={ui.stats}>
              <Stat name={t("admin.consistency.checked")} value={<Num value={data.accountsChecked} />} />
              <Stat name={t("admin.consistency.equal")} value={<Num value={data.equal} />} />
              <Stat
                name={t("admin.consistency.lagging")}
                value={<Num value={data.lagging} />}
                hint={t("admin.consistency.laggingHint")}
              />
              <Stat
                name={t("admin.consistency.different")}
                value={<Num value={data.different} />}
                hint={
                  <Pill tone={data.different === 0 ? "good" : "bad"}>
                    {t(data.different === 0 ? "admin.consistency.agree" : "admin.consistency.differ")}
                  </Pill>
                }
              />
            </div>
            <Passes data={data} />
            {admin ? <CheckNow /> : null}
            <Card flush title={t("admin.consistency.differences")}>
              <Differences rows={data.differences} />
            </Card>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Passes({ data }: { data: Consistency }) {
  const { t } = useTranslation();
  const when = (at: string | null) => (at === null ? "–" : <When at={at} time />);
  return (
    <Card title={t("admin.consistency.passes")} hint={t("admin.consistency.passesHint")}>
      <Facts
        facts={[
          [t("admin.consistency.complete"), <Num key="passes" value={data.passes} />],
          [t("admin.consistency.lastFinished"), when(data.lastPass.finishedAt)],
          [t("admin.consistency.running"), when(data.pass.startedAt)],
          [t("admin.consistency.soFar"), <Num key="checked" value={data.pass.checked} />],
          [t("admin.consistency.oldest"), when(data.oldestCheckAt)],
        ]}
      />
    </Card>
  );
}

function CheckNow() {
  const { t } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const [userId, setUserId] = useState("");
  const check = useMutation({
    mutationFn: () => {
      const one = userId.trim();
      return api.post<ConsistencyReport>("/api/admin/consistency/check", one === "" ? {} : { userId: one });
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["consistency"] }),
  });
  const send = (event: FormEvent): void => {
    event.preventDefault();
    check.mutate();
  };
  const report = check.data?.body;
  return (
    <Card title={t("admin.consistency.checkNow")} hint={t("admin.consistency.checkHint")}>
      <form onSubmit={send} className={ui.bar}>
        <TextInput
          label={t("admin.consistency.oneUser")}
          placeholder={t("admin.consistency.everyUser")}
          value={userId}
          onChange={(event) => setUserId(event.currentTarget.value)}
          maxLength={128}
          style={{ flex: "1 1 14rem" }}
        />
        <Button type="submit" loading={check.isPending}>
          {t("admin.consistency.check")}
        </Button>
      </form>
      <div aria-live="polite">
        {check.error === null ? null : <Failure error={check.error} />}
        {report === undefined ? null : (
          <p className={ui.lead}>
            {t(report.complete ? "admin.consistency.report" : "admin.consistency.reportPartly", {
              checked: report.checked,
              different: report.different,
              lagging: report.lagging,
            })}
          </p>
        )}
      </div>
    </Card>
  );
}

function Differences({ rows }: { rows: readonly Difference[] }) {
  const { t } = useTranslation();
  const admin = useRole("admin");
  const [repairing, setRepairing] = useState<Difference>();
  if (rows.length === 0) {
    return <Empty title={t("admin.consistency.none")}>{t("admin.consistency.noneLead")}</Empty>;
  }
  const columns: readonly Column<Difference>[] = [
    { name: t("common.user"), cell: (row) => <UserLink userId={row.userId} /> },
    { name: t("admin.consistency.problems"), cell: (row) => <Problems codes={row.problems} /> },
    { name: t("admin.consistency.ledger"), align: "end", cell: (row) => <Num value={row.credits.balance} /> },
    {
      name: t("admin.consistency.view"),
      align: "end",
      cell: (row) => (row.view === null ? "–" : <Num value={row.view.balance} />),
    },
    { name: t("admin.consistency.proposal"), cell: (row) => <Proposal row={row} /> },
    { name: t("common.when"), align: "end", wide: true, cell: (row) => <When at={row.checkedAt} time /> },
    ...(admin ? [repairColumn(t("admin.consistency.repair"), setRepairing)] : []),
  ];
  return (
    <>
      <Table label={t("admin.consistency.differences")} columns={columns} rows={rows} rowKey={(row) => row.userId} />
      {repairing === undefined ? null : <RepairDialog row={repairing} onClose={() => setRepairing(undefined)} />}
    </>
  );
}

function Problems({ codes }: { codes: readonly string[] }) {
  const { t } = useTranslation();
  return <>{codes.map((code) => t(`differences.${code}`, { defaultValue: code })).join(" · ")}</>;
}

/** In a few words what the button would do. */
function Proposal({ row: { repair } }: { row: Difference }) {
  const { t } = useTranslation();
  if (repair === null) return <>{t("admin.consistency.byHand")}</>;
  if (repair.plan === null) return <>{t("admin.consistency.refreshView")}</>;
  const { told, after } = repair.plan;
  return (
    <>
      {t("admin.consistency.mendBooks")} <Change value={after.balance - told.balance} />
    </>
  );
}

function repairColumn(name: string, repair: (row: Difference) => void): Column<Difference> {
  return {
    name,
    align: "end",
    cell: (row) => (
      <Button size="compact-sm" variant="default" onClick={() => repair(row)}>
        {name}
      </Button>
    ),
  };
}
