import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { usePages } from "../../api/pages.ts";
import type { MembershipChange, Transaction } from "../../api/types.ts";
import { useRole } from "../../session/session-context.tsx";
import { Card } from "../../ui/page.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import ui from "../../ui/ui.module.css";
import { Change, Num, Pill, When } from "../../ui/values.tsx";
import styles from "../admin.module.css";
import { RefundDialog } from "./credit-dialogs.tsx";
import { type Moment, timelineOf } from "./timeline.ts";

const PAGE = 25;

/** Everything that happened to this user, membership and credits in one order. */
export function TimelineCard({ userId }: { userId: string }) {
  const { t } = useTranslation();
  const [refunding, setRefunding] = useState<Transaction>();
  const mayRefund = useRole("admin");
  const ledger = usePages<Transaction>("/api/credits/transactions", { userId, limit: PAGE });
  const path = `/api/admin/users/${encodeURIComponent(userId)}/membership/history`;
  const changes = usePages<MembershipChange>(path, { limit: PAGE });
  const parts = [ledger, changes] as const;
  const moments =
    ledger.rows === undefined || changes.rows === undefined
      ? undefined
      : timelineOf(
          { rows: ledger.rows, complete: !ledger.query.hasNextPage },
          { rows: changes.rows, complete: !changes.query.hasNextPage },
        );
  const readOn = (): void => {
    for (const { query } of parts) if (query.hasNextPage) void query.fetchNextPage();
  };
  return (
    <Card flush title={t("admin.user.timeline")}>
      <Loaded
        query={{
          data: moments,
          error: ledger.query.error ?? changes.query.error,
          isPending: ledger.query.isPending || changes.query.isPending,
          refetch: () => Promise.all(parts.map(({ query }) => query.refetch())),
        }}
        isEmpty={(all) => all.length === 0}
        empty={<Empty title={t("admin.user.nothing")} />}
        rows={6}
      >
        {(all) => (
          <ol className={styles.timeline}>
            {all.map((moment) => (
              <li key={moment.id} data-kind={moment.kind}>
                <MomentRow moment={moment} onRefund={mayRefund ? setRefunding : undefined} />
              </li>
            ))}
          </ol>
        )}
      </Loaded>
      {parts.some(({ query }) => query.hasNextPage) ? (
        <div className={ui.more}>
          <Button
            variant="subtle"
            size="sm"
            loading={parts.some(({ query }) => query.isFetchingNextPage)}
            onClick={readOn}
          >
            {t("common.more")}
          </Button>
        </div>
      ) : null}
      {refunding === undefined ? null : (
        <RefundDialog userId={userId} transaction={refunding} onClose={() => setRefunding(undefined)} />
      )}
    </Card>
  );
}

interface RowProps {
  readonly moment: Moment;
  readonly onRefund: ((row: Transaction) => void) | undefined;
}

function MomentRow({ moment, onRefund }: RowProps) {
  return moment.kind === "ledger" ? (
    <LedgerRow row={moment.row} onRefund={onRefund} />
  ) : (
    <ChangeRow change={moment.change} />
  );
}

function LedgerRow({ row, onRefund }: { row: Transaction; onRefund: RowProps["onRefund"] }) {
  const { t } = useTranslation();
  return (
    <>
      <div>
        <b>{row.reason}</b>
        <p className={ui.hint}>
          {t(`types.${row.type}`)} · <When at={row.createdAt} time /> · {row.actor} · #{row.id}
          {onRefund !== undefined && row.type === "consume" ? (
            <>
              {" · "}
              <button type="button" className={ui.inlineButton} onClick={() => onRefund(row)}>
                {t("admin.user.refund")}
              </button>
            </>
          ) : null}
        </p>
      </div>
      <div className={styles.amount}>
        {row.amount === 0 ? <Reserved row={row} /> : <Change value={row.amount} />}
        <small>
          {t("admin.user.balanceAfter")} <Num value={row.balanceAfter} />
        </small>
      </div>
    </>
  );
}

/** What a hold or its release moved stands beside the balance, not in it. */
function Reserved({ row }: { row: Transaction }) {
  const { t } = useTranslation();
  if (row.heldChange === 0) return null;
  return (
    <span className={ui.hint}>
      {t(`types.${row.type}`)} <Num value={Math.abs(row.heldChange)} />
    </span>
  );
}

function ChangeRow({ change }: { change: MembershipChange }) {
  const { t } = useTranslation();
  const { tier } = change;
  return (
    <>
      <div>
        <b>
          {t(`changes.${change.change}`, { defaultValue: change.change })}
          {tier === null ? "" : ` · ${t(`tiers.${tier}`, { defaultValue: tier })}`}
        </b>
        <p className={ui.hint}>
          {change.reason === "" ? "" : `${change.reason} · `}
          <When at={change.occurredAt} time /> · {change.actor}
        </p>
      </div>
      <div>
        <Pill dot={false}>{t("common.membership")}</Pill>
      </div>
    </>
  );
}
