import { Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useApi } from "../../api/api-context.tsx";
import { usePages } from "../../api/pages.ts";
import type { Tier, User } from "../../api/types.ts";
import { Icon } from "../../ui/icons.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/states.tsx";
import { type Column, PagedTable } from "../../ui/table.tsx";
import ui from "../../ui/ui.module.css";
import { Num, Pill, When } from "../../ui/values.tsx";
import { MembershipPill } from "../membership-pill.tsx";
import { UserLink } from "../user-link.tsx";

const STATUSES = ["active", "cancelled", "expired", "ended", "none"] as const;

/** Everybody the system knows; found by the beginning of an id, an address or a name. */
export function Users() {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [query] = useDebouncedValue(typed.trim(), 250);
  const [tier, setTier] = useState("");
  const [status, setStatus] = useState("");
  const tiers = useTiers();
  const pages = usePages<User>("/api/admin/users", { query, tier, status, limit: 50 });
  const all = { value: "", label: t("common.all") };
  return (
    <Page title={t("admin.users.title")} lead={t("admin.users.lead")}>
      <div className={ui.filters}>
        <TextInput
          type="search"
          label={t("admin.users.search")}
          placeholder={t("admin.users.searchHint")}
          leftSection={<Icon name="search" size={16} />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          maxLength={128}
          style={{ flex: "1 1 16rem" }}
        />
        <Select
          label={t("common.tier")}
          value={tier}
          onChange={(value) => setTier(value ?? "")}
          data={[all, ...tiers.map(({ tier: code, displayName }) => ({ value: code, label: displayName }))]}
        />
        <Select
          label={t("common.status")}
          value={status}
          onChange={(value) => setStatus(value ?? "")}
          data={[all, ...STATUSES.map((value) => ({ value, label: t(`status.${value}`) }))]}
        />
      </div>
      <Card flush>
        <PagedTable
          label={t("admin.users.title")}
          pages={pages}
          rowKey={(user) => user.userId}
          columns={useColumns()}
          empty={<Empty title={t("admin.users.empty")}>{t("admin.users.emptyLead")}</Empty>}
        />
      </Card>
    </Page>
  );
}

function useColumns(): readonly Column<User>[] {
  const { t } = useTranslation();
  return [
    {
      name: t("common.user"),
      cell: (user) => (
        <>
          <UserLink userId={user.userId} />
          <br />
          <span className={ui.hint}>{user.name ?? user.email ?? ""}</span>
        </>
      ),
    },
    {
      name: t("common.membership"),
      cell: (user) => (
        <>
          <MembershipPill user={user} />{" "}
          {user.accountStatus === "frozen" ? <Pill tone="bad">{t("status.frozen")}</Pill> : null}
        </>
      ),
    },
    { name: t("common.balance"), align: "end", cell: (user) => <Num value={user.balance} /> },
    {
      name: t("admin.users.periodEnd"),
      align: "end",
      wide: true,
      cell: (user) => (user.currentPeriodEnd === null ? "–" : <When at={user.currentPeriodEnd} />),
    },
    { name: t("admin.users.firstSeen"), align: "end", wide: true, cell: (user) => <When at={user.firstSeenAt} /> },
  ];
}

function useTiers(): readonly Tier[] {
  const api = useApi();
  const { data } = useQuery({
    queryKey: ["admin-tiers"],
    queryFn: ({ signal }) => api.get<{ data: readonly Tier[] }>("/api/admin/tiers", {}, signal),
  });
  return data?.data ?? [];
}
