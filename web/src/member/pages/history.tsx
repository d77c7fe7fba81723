import { Button, Select, TextInput } from "@mantine/core";
import { type Transaction, useTransactions } from "@stipend/react";
import { useMutation } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useApi } from "../../api/api-context.tsx";
import { problemOf } from "../../api/problem.ts";
import { useProblemText } from "../../i18n/problem-text.ts";
import { Icon } from "../../ui/icons.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { Empty, Failure, Loading } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { useToast } from "../../ui/toast.ts";
import ui from "../../ui/ui.module.css";
import { Change, Num, When } from "../../ui/values.tsx";

/** What people ask for, as types of the ledger. */
const SHOWN = {
  all: [],
  spent: ["consume"],
  added: ["grant", "refund", "adjust"],
  resets: ["reset", "expire"],
  reserved: ["hold", "release"],
} as const satisfies Record<string, readonly string[]>;

type Shown = keyof typeof SHOWN;

const PAGE = 25;

/** The whole ledger, by kind and day, to read and to take away. */
export function History() {
  const { t } = useTranslation();
  const [shown, setShown] = useState<Shown>("all");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const filter = useMemo(
    () => ({
      ...(SHOWN[shown].length === 0 ? {} : { type: SHOWN[shown] }),
      ...(from === "" ? {} : { from: startOf(from) }),
      ...(to === "" ? {} : { to: endOf(to) }),
    }),
    [shown, from, to],
  );
  return (
    <Page title={t("member.history.title")} lead={t("member.history.lead")} actions={<Export filter={filter} />}>
      <div className={ui.filters}>
        <Select
          label={t("member.history.show")}
          value={shown}
          onChange={(value) => setShown((value ?? "all") as Shown)}
          data={Object.keys(SHOWN).map((value) => ({ value, label: t(`member.history.shown.${value}`) }))}
        />
        <TextInput
          type="date"
          label={t("common.from")}
          value={from}
          max={to}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          type="date"
          label={t("common.to")}
          value={to}
          min={from}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
      </div>
      <Card flush>
        <Ledger filter={filter} />
      </Card>
    </Page>
  );
}

interface Filter {
  readonly type?: readonly string[];
  readonly from?: string;
  readonly to?: string;
}

function Ledger({ filter }: { filter: Filter }) {
  const { t } = useTranslation();
  const { status, data, error, reload, hasMore, loadMore } = useTransactions({ ...filter, limit: PAGE });
  const columns: readonly Column<Transaction>[] = [
    {
      name: t("member.history.what"),
      cell: (row) => (
        <>
          <b>{row.reason}</b>
          <br />
          <span className={ui.hint}>
            {t(`types.${row.type}`)}
            {row.feature === null ? "" : ` · ${t(`features.${row.feature}`, { defaultValue: row.feature })}`}
          </span>
        </>
      ),
    },
    { name: t("common.when"), cell: (row) => <When at={row.createdAt} time /> },
    { name: t("common.change"), align: "end", cell: (row) => <Change value={row.amount} /> },
    { name: t("common.balance"), align: "end", wide: true, cell: (row) => <Num value={row.balanceAfter} /> },
  ];
  if (status === "loading") return <Loading rows={8} />;
  if (error !== null && data.length === 0) return <Failure error={error} onRetry={reload} />;
  if (data.length === 0) return <Empty title={t("member.history.empty")}>{t("member.history.emptyLead")}</Empty>;
  return (
    <>
      {error === null ? null : <Failure error={error} onRetry={reload} />}
      <Table label={t("member.history.title")} columns={columns} rows={data} rowKey={(row) => row.id} />
      {hasMore ? (
        <div className={ui.more}>
          <Button variant="subtle" size="sm" onClick={loadMore}>
            {t("common.more")}
          </Button>
        </div>
      ) : null}
    </>
  );
}

function Export({ filter }: { filter: Filter }) {
  const { t } = useTranslation();
  const toast = useToast();
  const api = useApi();
  const text = useProblemText();
  const { type, ...days } = filter;
  const save = useMutation({
    mutationFn: () =>
      api.download("/api/credits/transactions.csv", { ...days, type: type?.join(",") }, "stipend-history.csv"),
    onError: (error) => toast({ color: "red", message: text(problemOf(error)).title }),
  });
  return (
    <Button
      variant="default"
      leftSection={<Icon name="down" size={18} />}
      loading={save.isPending}
      onClick={() => save.mutate()}
    >
      {t("member.history.export")}
    </Button>
  );
}

/** The first moment of a day where the reader is; days are what people think in, moments what the API wants. */
function startOf(day: string): string {
  return new Date(`${day}T00:00:00`).toISOString();
}

function endOf(day: string): string {
  const end = new Date(`${day}T00:00:00`);
  end.setDate(end.getDate() + 1);
  return end.toISOString();
}
