import { Button, SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useApi } from "../../api/api-context.tsx";
import { usePages } from "../../api/pages.ts";
import type { Approval, ApprovalStatus } from "../../api/types.ts";
import { useSessionUser } from "../../session/session-context.tsx";
import { ActionDialog } from "../../ui/action-dialog.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { More } from "../../ui/table.tsx";
import ui from "../../ui/ui.module.css";
import { Change, Pill, type Tone, When } from "../../ui/values.tsx";
import styles from "../admin.module.css";
import { useLookAgain } from "../live/live-console.tsx";
import { UserLink } from "../user-link.tsx";

const STATUSES = ["pending", "approved", "rejected", "expired"] as const;
const TONES: Readonly<Record<ApprovalStatus, Tone>> = {
  pending: "warn",
  approved: "good",
  rejected: "bad",
  expired: "plain",
};

/** Large changes wait here until a second admin agrees; nobody approves what they proposed themselves. */
export function Approvals() {
  const { t } = useTranslation();
  const [status, setStatus] = useState<ApprovalStatus>("pending");
  const pages = usePages<Approval>("/api/admin/approvals", { status, limit: 50 }, { refetchMs: useLookAgain() });
  return (
    <Page
      title={t("admin.approvals.title")}
      lead={t("admin.approvals.lead")}
      actions={
        <SegmentedControl
          aria-label={t("common.status")}
          value={status}
          onChange={(value) => setStatus(value as ApprovalStatus)}
          data={STATUSES.map((value) => ({ value, label: t(`approvals.${value}`) }))}
        />
      }
    >
      <Card flush>
        <Loaded
          query={{ ...pages.query, data: pages.rows }}
          isEmpty={(rows) => rows.length === 0}
          empty={<Empty title={t("admin.approvals.empty")}>{t("admin.approvals.emptyLead")}</Empty>}
        >
          {(rows) => rows.map((approval) => <Proposal key={approval.id} approval={approval} />)}
        </Loaded>
        <More pages={pages} />
      </Card>
    </Page>
  );
}

function Proposal({ approval }: { approval: Approval }) {
  const { t } = useTranslation();
  const [deciding, setDeciding] = useState<"approve" | "reject">();
  const own = useSessionUser()?.id === approval.proposedBy;
  return (
    <article className={styles.alert}>
      <div>
        <div className={styles.alertHead}>
          <h3>
            {t(`operations.${approval.operation}`)} <Change value={approval.amount} />
          </h3>
          <Pill tone={TONES[approval.status]}>{t(`approvals.${approval.status}`)}</Pill>
        </div>
        <p>
          {t("admin.approvals.for")} <UserLink userId={approval.userId} /> · {approval.reason}
        </p>
        <p className={ui.hint}>
          {t("admin.approvals.proposedBy", { actor: approval.proposedBy })} · <When at={approval.proposedAt} time /> ·{" "}
          {approval.decidedBy === null ? (
            <>
              {t("admin.approvals.until")} <When at={approval.expiresAt} time />
            </>
          ) : (
            t("admin.approvals.decidedBy", { actor: approval.decidedBy, reason: approval.decisionReason ?? "" })
          )}
        </p>
      </div>
      {approval.status === "pending" ? (
        <div className={styles.alertActions}>
          {own ? null : <Button onClick={() => setDeciding("approve")}>{t("admin.approvals.approve")}</Button>}
          <Button variant="default" onClick={() => setDeciding("reject")}>
            {t(own ? "admin.approvals.takeBack" : "admin.approvals.reject")}
          </Button>
        </div>
      ) : null}
      {deciding === undefined ? null : (
        <DecisionDialog approval={approval} decision={deciding} onClose={() => setDeciding(undefined)} />
      )}
    </article>
  );
}

interface DecisionProps {
  readonly approval: Approval;
  readonly decision: "approve" | "reject";
  readonly onClose: () => void;
}

function DecisionDialog({ approval, decision, onClose }: DecisionProps) {
  const { t } = useTranslation();
  const api = useApi();
  return (
    <ActionDialog
      title={t(`admin.approvals.${decision}`)}
      lead={t(`admin.approvals.${decision}Lead`, { userId: approval.userId })}
      submit={t(`admin.approvals.${decision}`)}
      danger={decision === "reject"}
      done={t(`admin.approvals.${decision}Done`)}
      onClose={onClose}
      run={(reason) => api.post(`/api/admin/approvals/${approval.id}/${decision}`, { reason })}
    />
  );
}
