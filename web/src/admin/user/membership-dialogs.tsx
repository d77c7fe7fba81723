import { Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useApi } from "../../api/api-context.tsx";
import type { Tier, User } from "../../api/types.ts";
import { ActionDialog } from "../../ui/action-dialog.tsx";

interface Props {
  readonly user: User;
  readonly onClose: () => void;
}

function membershipPath(userId: string): string {
  return `/api/admin/users/${encodeURIComponent(userId)}/membership`;
}

/** Making a member, and changing tier, cycle or end: PUT says what the membership shall be. */
export function MembershipDialog({ user, onClose }: Props) {
  const { t } = useTranslation();
  const api = useApi();
  const tiers = useQuery({
    queryKey: ["admin-tiers"],
    queryFn: ({ signal }) => api.get<{ data: readonly Tier[] }>("/api/admin/tiers", {}, signal),
  });
  // What was there when the dialog was opened: the page beneath goes on reading, and a newer state is somebody else's work.
  const [version] = useState(user.membershipVersion);
  const [tier, setTier] = useState(user.tier ?? "pro");
  const [cycle, setCycle] = useState<string>(user.cycle ?? "monthly");
  const [until, setUntil] = useState(user.expiresAt?.slice(0, 10) ?? "");
  const offered = (tiers.data?.data ?? []).filter(({ offered: isOffered, tier: code }) => isOffered || code === tier);
  return (
    <ActionDialog
      title={t("admin.user.setMembership")}
      lead={t("admin.user.setMembershipLead")}
      submit={t("common.save")}
      done={t("admin.user.setMembershipDone")}
      onClose={onClose}
      run={(reason, key) => {
        const expiresAt = until === "" ? null : new Date(`${until}T00:00:00`).toISOString();
        const body = { tier, cycle, expiresAt, reason };
        return api.put(membershipPath(user.userId), body, { key, ifMatch: version });
      }}
    >
      <Select
        label={t("common.tier")}
        value={tier}
        onChange={(value) => setTier(value ?? tier)}
        data={offered.map(({ tier: value, displayName, monthlyCredits }) => ({
          value,
          label: `${displayName} · ${monthlyCredits}`,
        }))}
        data-autofocus
      />
      <Select
        label={t("admin.user.cycle")}
        value={cycle}
        onChange={(value) => setCycle(value ?? cycle)}
        data={["monthly", "yearly"].map((value) => ({ value, label: t(`cycles.${value}`) }))}
      />
      <TextInput
        type="date"
        label={t("admin.user.agreedEnd")}
        description={t("admin.user.agreedEndHint")}
        value={until}
        onChange={(event) => setUntil(event.currentTarget.value)}
      />
    </ActionDialog>
  );
}

export function EndDialog({ user, onClose }: Props) {
  const { t } = useTranslation();
  const api = useApi();
  const [version] = useState(user.membershipVersion);
  return (
    <ActionDialog
      title={t("admin.user.endMembership")}
      lead={t("admin.user.endMembershipLead")}
      submit={t("admin.user.endMembership")}
      danger
      done={t("admin.user.endMembershipDone")}
      onClose={onClose}
      run={(reason, key) => api.delete(membershipPath(user.userId), { reason }, { key, ifMatch: version })}
    />
  );
}
