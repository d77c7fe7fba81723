import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useApi } from "../../api/api-context.tsx";
import type { Account, Grant, Hold, ScheduledMonth, User } from "../../api/types.ts";
import { useRole } from "../../session/session-context.tsx";
import { Card, Facts, Page } from "../../ui/page.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { Table } from "../../ui/table.tsx";
import ui from "../../ui/ui.module.css";
import { Num, Pill, When } from "../../ui/values.tsx";
import styles from "../admin.module.css";
import { MembershipPill } from "../membership-pill.tsx";
import { LOOK_AGAIN_MS } from "../use-overview.ts";
import { TimelineCard } from "../user/timeline-card.tsx";
import { UserActions } from "../user/user-actions.tsx";

/** One user: membership, balance and its parts, what is reserved, and everything that happened. */
export function UserPage({ userId }: { userId: string }) {
  const { t } = useTranslation();
  const api = useApi();
  const mayAct = useRole("admin");
  const user = useQuery({
    queryKey: ["user", userId],
    queryFn: ({ signal }) => api.get<User>(`/api/admin/users/${encodeURIComponent(userId)}`, {}, signal),
    refetchInterval: LOOK_AGAIN_MS,
  });
  const account = useQuery({
    queryKey: ["account", userId],
    queryFn: ({ signal }) => api.get<Account>("/api/credits", { userId }, signal),
    refetchInterval: LOOK_AGAIN_MS,
  });
  const frozen = account.data?.status === "frozen";
  return (
    <Page
      title={userId}
      lead={user.data === undefined ? undefined : <UserLine user={user.data} frozen={frozen} />}
      actions={mayAct && user.data !== undefined ? <UserActions user={user.data} frozen={frozen} /> : undefined}
    >
      <Loaded query={user}>
        {(found) => (
          <>
            <Card>
              <Loaded query={account} rows={2}>
                {(credits) => <UserFacts user={found} account={credits} />}
              </Loaded>
            </Card>
            <div className={styles.userGrid}>
              <TimelineCard userId={userId} />
              <div className={ui.page}>
                <Card flush title={t("admin.user.grants")} hint={t("admin.user.grantsHint")}>
                  <Loaded query={account} rows={3}>
                    {({ grants }) => <Grants grants={grants} />}
                  </Loaded>
                </Card>
                <Holds userId={userId} />
                {found.cycle === "yearly" ? <Year userId={userId} /> : null}
              </div>
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function UserLine({ user, frozen }: { user: User; frozen: boolean }) {
  const { t } = useTranslation();
  return (
    <>
      <MembershipPill user={user} /> {frozen ? <Pill tone="bad">{t("status.frozen")}</Pill> : null}{" "}
      {[user.name, user.email].filter((text) => text !== null).join(" · ")}
    </>
  );
}

function UserFacts({ user, account }: { user: User; account: Account }) {
  const { t } = useTranslation();
  const { allowance } = account;
  const when = (at: string | null) => (at === null ? "–" : <When at={at} />);
  return (
    <Facts
      facts={[
        [t("admin.user.available"), <Num key="available" value={account.available} />],
        [t("admin.user.held"), <Num key="held" value={account.held} />],
        [
          t("admin.user.allowance"),
          allowance === null ? (
            "–"
          ) : (
            <>
              <Num value={allowance.remaining} /> / <Num value={allowance.monthlyCredits} />
            </>
          ),
        ],
        [t("admin.user.nextReset"), when(allowance?.nextResetAt ?? null)],
        [
          t(user.cancelAtPeriodEnd ? "admin.user.endsOn" : "admin.user.renewsOn"),
          when(user.status === "active" ? user.currentPeriodEnd : null),
        ],
        [t("admin.user.memberSince"), when(user.startedAt)],
        ...(user.pendingTier === null
          ? []
          : [[t("admin.user.afterThat"), t(`tiers.${user.pendingTier}`, { defaultValue: user.pendingTier })] as const]),
      ]}
    />
  );
}

function Grants({ grants }: { grants: readonly Grant[] }) {
  const { t } = useTranslation();
  if (grants.length === 0) return <Empty title={t("admin.user.noGrants")} />;
  return (
    <Table
      label={t("admin.user.grants")}
      rows={grants}
      rowKey={(grant) => grant.id}
      columns={[
        { name: t("admin.user.kind"), cell: ({ kind }) => t(`kinds.${kind}`) },
        {
          name: t("admin.user.lapses"),
          cell: ({ expiresAt, kind }) =>
            expiresAt === null ? (
              t(kind === "allowance" ? "admin.user.atReset" : "admin.user.never")
            ) : (
              <When at={expiresAt} />
            ),
        },
        { name: t("admin.user.remaining"), align: "end", cell: ({ remaining }) => <Num value={remaining} /> },
      ]}
    />
  );
}

function Holds({ userId }: { userId: string }) {
  const { t } = useTranslation();
  const api = useApi();
  const holds = useQuery({
    queryKey: ["holds", userId],
    queryFn: ({ signal }) => api.get<{ data: readonly Hold[] }>("/api/credits/holds", { userId }, signal),
    refetchInterval: LOOK_AGAIN_MS,
  });
  return (
    <Card flush title={t("admin.user.holds")} hint={t("admin.user.holdsHint")}>
      <Loaded
        query={holds}
        rows={2}
        isEmpty={({ data }) => data.length === 0}
        empty={<Empty title={t("admin.user.noHolds")} />}
      >
        {({ data }) => (
          <Table
            label={t("admin.user.holds")}
            rows={data}
            rowKey={(hold) => hold.holdId}
            columns={[
              { name: t("common.reason"), cell: (hold) => hold.reason },
              { name: t("admin.user.until"), cell: (hold) => <When at={hold.expiresAt} time /> },
              { name: t("common.credits"), align: "end", cell: (hold) => <Num value={hold.amount} /> },
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}

function Year({ userId }: { userId: string }) {
  const { t } = useTranslation();
  const api = useApi();
  const months = useQuery({
    queryKey: ["schedule", userId],
    queryFn: ({ signal }) => api.get<{ data: readonly ScheduledMonth[] }>("/api/credits/schedule", { userId }, signal),
  });
  return (
    <Card flush title={t("admin.user.year")}>
      <Loaded query={months} isEmpty={({ data }) => data.length === 0} empty={<Empty title={t("admin.user.noYear")} />}>
        {({ data }) => (
          <Table
            label={t("admin.user.year")}
            rows={data}
            rowKey={(month) => month.periodStart}
            columns={[
              { name: t("admin.user.from"), cell: (month) => <When at={month.periodStart} /> },
              { name: t("common.status"), cell: (month) => t(`months.${month.status}`) },
              {
                name: t("common.credits"),
                align: "end",
                cell: (month) => <Num value={month.givenAmount ?? month.amount} />,
              },
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}
