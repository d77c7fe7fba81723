import { NumberInput, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useApi } from "../../api/api-context.tsx";
import type { Package, Transaction } from "../../api/types.ts";
import { ActionDialog } from "../../ui/action-dialog.tsx";

export interface UserDialogProps {
  readonly userId: string;
  readonly onClose: () => void;
}

const MOST = 1_000_000;
const KINDS = ["bonus", "purchase", "package", "refund", "adjustment"] as const;

function creditsPath(userId: string, what: string): string {
  return `/api/admin/users/${encodeURIComponent(userId)}/credits/${what}`;
}

export function GrantDialog({ userId, onClose }: UserDialogProps) {
  const { t } = useTranslation();
  const api = useApi();
  const [amount, setAmount] = useState<number | string>(100);
  const [kind, setKind] = useState<string>("bonus");
  const [until, setUntil] = useState("");
  return (
    <ActionDialog
      title={t("admin.user.grant")}
      lead={t("admin.user.grantLead", { userId })}
      submit={t("admin.user.grant")}
      done={t("admin.user.grantDone", { count: Number(amount) })}
      onClose={onClose}
      run={(reason, key) => {
        const expiresAt = until === "" ? {} : { expiresAt: new Date(`${until}T00:00:00`).toISOString() };
        return api.post(creditsPath(userId, "grants"), { amount, kind, reason, ...expiresAt }, { key });
      }}
    >
      <NumberInput
        label={t("common.credits")}
        value={amount}
        onChange={setAmount}
        min={1}
        max={MOST}
        allowDecimal={false}
        thousandSeparator=","
        required
        data-autofocus
      />
      <Select
        label={t("admin.user.kind")}
        value={kind}
        onChange={(value) => setKind(value ?? "bonus")}
        data={KINDS.map((value) => ({ value, label: t(`kinds.${value}`) }))}
      />
      <TextInput
        type="date"
        label={t("admin.user.lapsesOn")}
        description={t("admin.user.lapsesHint")}
        value={until}
        onChange={(event) => setUntil(event.currentTarget.value)}
      />
    </ActionDialog>
  );
}

export function AdjustDialog({ userId, onClose }: UserDialogProps) {
  const { t } = useTranslation();
  const api = useApi();
  const [amount, setAmount] = useState<number | string>(-10);
  return (
    <ActionDialog
      title={t("admin.user.adjust")}
      lead={t("admin.user.adjustLead", { userId })}
      submit={t("admin.user.adjust")}
      done={t("admin.user.adjustDone")}
      onClose={onClose}
      run={(reason, key) => api.post(creditsPath(userId, "adjustments"), { amount, reason }, { key })}
    >
      <NumberInput
        label={t("admin.user.signed")}
        value={amount}
        onChange={setAmount}
        min={-MOST}
        max={MOST}
        allowDecimal={false}
        required
        data-autofocus
      />
    </ActionDialog>
  );
}

export function PackageDialog({ userId, onClose }: UserDialogProps) {
  const { t } = useTranslation();
  const api = useApi();
  const [code, setCode] = useState("");
  const { data } = useQuery({
    queryKey: ["admin-packages"],
    queryFn: ({ signal }) => api.get<{ data: readonly Package[] }>("/api/admin/packages", {}, signal),
  });
  const offered = (data?.data ?? []).filter(({ active }) => active);
  return (
    <ActionDialog
      title={t("admin.user.package")}
      lead={t("admin.user.packageLead", { userId })}
      submit={t("admin.user.package")}
      done={t("admin.user.packageDone")}
      onClose={onClose}
      run={(reason, key) => api.post(creditsPath(userId, "packages"), { code, reason }, { key })}
    >
      <Select
        label={t("common.package")}
        value={code}
        onChange={(value) => setCode(value ?? "")}
        data={offered.map(({ code: value, name, credits }) => ({ value, label: `${name} · ${credits}` }))}
        required
        data-autofocus
      />
    </ActionDialog>
  );
}

export function RefundDialog({ userId, transaction, onClose }: UserDialogProps & { transaction: Transaction }) {
  const { t } = useTranslation();
  const api = useApi();
  const spent = -transaction.amount;
  const [amount, setAmount] = useState<number | string>("");
  return (
    <ActionDialog
      title={t("admin.user.refund")}
      lead={t("admin.user.refundLead", { reason: transaction.reason, count: spent })}
      submit={t("admin.user.refund")}
      done={t("admin.user.refundDone")}
      onClose={onClose}
      run={(reason, key) => {
        const body = { transactionId: transaction.id, reason, ...(amount === "" ? {} : { amount }) };
        return api.post(creditsPath(userId, "refunds"), body, { key });
      }}
    >
      <NumberInput
        label={t("admin.user.refundAmount")}
        description={t("admin.user.refundHint")}
        value={amount}
        onChange={setAmount}
        min={1}
        max={spent}
        allowDecimal={false}
        data-autofocus
      />
    </ActionDialog>
  );
}

/** The three that need nothing but a reason. */
export function PlainDialog({ userId, what, onClose }: UserDialogProps & { what: "reset" | "freeze" | "unfreeze" }) {
  const { t } = useTranslation();
  const api = useApi();
  return (
    <ActionDialog
      title={t(`admin.user.${what}`)}
      lead={t(`admin.user.${what}Lead`, { userId })}
      submit={t(`admin.user.${what}`)}
      danger={what === "freeze"}
      done={t(`admin.user.${what}Done`)}
      onClose={onClose}
      run={(reason, key) => api.post(creditsPath(userId, what), { reason }, { key })}
    />
  );
}
