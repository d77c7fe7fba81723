import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useApi } from "../../api/api-context.tsx";
import type { Package, Tier } from "../../api/types.ts";
import { useFormat } from "../../i18n/format.ts";
import { useRole } from "../../session/session-context.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import ui from "../../ui/ui.module.css";
import { Num, Pill } from "../../ui/values.tsx";
import { PackageForm } from "../catalogue/package-form.tsx";
import { TierForm } from "../catalogue/tier-form.tsx";

/** What can be joined and what can be bought, those no longer offered included. */
export function Catalogue() {
  const { t } = useTranslation();
  return (
    <Page title={t("admin.catalogue.title")} lead={t("admin.catalogue.lead")}>
      <Tiers />
      <Packages />
    </Page>
  );
}

function Tiers() {
  const { t } = useTranslation();
  const api = useApi();
  const admin = useRole("admin");
  const [editing, setEditing] = useState<Tier | "new">();
  const tiers = useQuery({
    queryKey: ["admin-tiers"],
    queryFn: ({ signal }) => api.get<{ data: readonly Tier[] }>("/api/admin/tiers", {}, signal),
  });
  const columns: readonly Column<Tier>[] = [
    {
      name: t("common.tier"),
      cell: (tier) => (
        <>
          <b>{tier.displayName}</b>
          <br />
          <span className={ui.hint}>{tier.tier}</span>
        </>
      ),
    },
    { name: t("admin.catalogue.monthly"), align: "end", cell: (tier) => <Num value={tier.monthlyCredits} /> },
    { name: t("admin.catalogue.anchor"), wide: true, cell: (tier) => t(`terms.anchor.${tier.anchor}`) },
    { name: t("admin.catalogue.rollover"), align: "end", wide: true, cell: (tier) => <Num value={tier.rolloverCap} /> },
    { name: t("admin.catalogue.onExpiry"), wide: true, cell: (tier) => t(`terms.onExpiry.${tier.onExpiry}`) },
    { name: t("common.status"), cell: (tier) => <Offered offered={tier.offered} /> },
    ...editColumn<Tier>(admin, t("common.edit"), (tier) => tier.displayName, setEditing),
  ];
  return (
    <Card
      flush
      title={t("admin.catalogue.tiers")}
      hint={t("admin.catalogue.tiersHint")}
      actions={<NewButton show={admin} onClick={() => setEditing("new")} />}
    >
      <Loaded
        query={tiers}
        isEmpty={({ data }) => data.length === 0}
        empty={<Empty title={t("admin.catalogue.noTiers")} />}
      >
        {({ data }) => (
          <Table label={t("admin.catalogue.tiers")} columns={columns} rows={data} rowKey={(tier) => tier.tier} />
        )}
      </Loaded>
      {editing === undefined ? null : (
        <TierForm tier={editing === "new" ? undefined : editing} onClose={() => setEditing(undefined)} />
      )}
    </Card>
  );
}

function Packages() {
  const { t } = useTranslation();
  const api = useApi();
  const format = useFormat();
  const admin = useRole("admin");
  const [editing, setEditing] = useState<Package | "new">();
  const packages = useQuery({
    queryKey: ["admin-packages"],
    queryFn: ({ signal }) => api.get<{ data: readonly Package[] }>("/api/admin/packages", {}, signal),
  });
  const columns: readonly Column<Package>[] = [
    {
      name: t("common.package"),
      cell: (each) => (
        <>
          <b>{each.name}</b>
          <br />
          <span className={ui.hint}>{each.code}</span>
        </>
      ),
    },
    { name: t("common.credits"), align: "end", cell: (each) => <Num value={each.credits} /> },
    {
      name: t("admin.catalogue.price"),
      align: "end",
      cell: (each) => <span className={ui.num}>{format.money(each.priceMinor, each.currency)}</span>,
    },
    {
      name: t("admin.catalogue.valid"),
      align: "end",
      wide: true,
      cell: (each) =>
        each.validDays === null ? t("admin.catalogue.noEnd") : t("admin.catalogue.days", { count: each.validDays }),
    },
    {
      name: t("admin.catalogue.membersOnly"),
      wide: true,
      cell: (each) => t(each.requiresMembership ? "common.yes" : "common.no"),
    },
    { name: t("common.status"), cell: (each) => <Offered offered={each.active} /> },
    ...editColumn<Package>(admin, t("common.edit"), (each) => each.name, setEditing),
  ];
  return (
    <Card
      flush
      title={t("admin.catalogue.packages")}
      hint={t("admin.catalogue.packagesHint")}
      actions={<NewButton show={admin} onClick={() => setEditing("new")} />}
    >
      <Loaded
        query={packages}
        isEmpty={({ data }) => data.length === 0}
        empty={<Empty title={t("admin.catalogue.noPackages")} />}
      >
        {({ data }) => (
          <Table label={t("admin.catalogue.packages")} columns={columns} rows={data} rowKey={(each) => each.code} />
        )}
      </Loaded>
      {editing === undefined ? null : (
        <PackageForm offer={editing === "new" ? undefined : editing} onClose={() => setEditing(undefined)} />
      )}
    </Card>
  );
}

function Offered({ offered }: { offered: boolean }) {
  const { t } = useTranslation();
  return (
    <Pill tone={offered ? "good" : "plain"}>{t(offered ? "admin.catalogue.offered" : "admin.catalogue.retired")}</Pill>
  );
}

function NewButton({ show, onClick }: { show: boolean; onClick: () => void }) {
  const { t } = useTranslation();
  return show ? (
    <Button variant="light" size="xs" onClick={onClick}>
      {t("admin.catalogue.new")}
    </Button>
  ) : null;
}

/** The last column, for those who may change things. */
function editColumn<T>(show: boolean, words: string, nameOf: (row: T) => string, edit: (row: T) => void): Column<T>[] {
  if (!show) return [];
  return [
    {
      name: " ",
      align: "end",
      cell: (row) => (
        <Button variant="subtle" size="compact-sm" aria-label={`${words}: ${nameOf(row)}`} onClick={() => edit(row)}>
          {words}
        </Button>
      ),
    },
  ];
}
