import { NumberInput, Select, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useApi } from "../../api/api-context.tsx";
import type { Tier } from "../../api/types.ts";
import { ActionDialog } from "../../ui/action-dialog.tsx";

const MOST = 1_000_000_000;

/** A new tier, or new terms of one; members keep the terms they agreed to. */
export function TierForm({ tier, onClose }: { tier: Tier | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  const api = useApi();
  const [code, setCode] = useState(tier?.tier ?? "");
  const [fields, setFields] = useState({
    displayName: tier?.displayName ?? "",
    monthlyCredits: tier?.monthlyCredits ?? 100,
    rolloverCap: tier?.rolloverCap ?? 0,
    anchor: tier?.anchor ?? "calendar",
    firstPeriod: tier?.firstPeriod ?? "full",
    onExpiry: tier?.onExpiry ?? "keep",
    offered: tier?.offered ?? true,
  });
  const set = (change: Partial<typeof fields>): void => setFields({ ...fields, ...change });
  const choice = (name: "anchor" | "firstPeriod" | "onExpiry", values: readonly string[]) => (
    <Select
      label={t(`admin.catalogue.${name}`)}
      value={fields[name]}
      onChange={(value) => set({ [name]: value ?? fields[name] })}
      data={values.map((value) => ({ value, label: t(`terms.${name}.${value}`) }))}
    />
  );
  return (
    <ActionDialog
      title={tier === undefined ? t("admin.catalogue.newTier") : tier.displayName}
      lead={t("admin.catalogue.tierLead")}
      submit={t("common.save")}
      done={t("admin.catalogue.saved")}
      onClose={onClose}
      run={(reason) => api.put(`/api/admin/tiers/${code.trim()}`, { ...fields, reason }, { ifMatch: tier?.version })}
    >
      {tier === undefined ? (
        <TextInput
          label={t("admin.catalogue.code")}
          description={t("admin.catalogue.codeHint")}
          value={code}
          pattern="[a-z0-9][a-z0-9_\-]{0,63}"
          onChange={(event) => setCode(event.currentTarget.value)}
          required
          data-autofocus
        />
      ) : null}
      <TextInput
        label={t("admin.catalogue.name")}
        value={fields.displayName}
        onChange={(event) => set({ displayName: event.currentTarget.value })}
        maxLength={100}
        required
      />
      <NumberInput
        label={t("admin.catalogue.monthly")}
        value={fields.monthlyCredits}
        onChange={(value) => set({ monthlyCredits: Number(value) })}
        min={0}
        max={MOST}
        allowDecimal={false}
        thousandSeparator=","
      />
      <NumberInput
        label={t("admin.catalogue.rollover")}
        description={t("admin.catalogue.rolloverHint")}
        value={fields.rolloverCap}
        onChange={(value) => set({ rolloverCap: Number(value) })}
        min={0}
        max={MOST}
        allowDecimal={false}
      />
      {choice("anchor", ["calendar", "anniversary"])}
      {choice("firstPeriod", ["full", "prorated"])}
      {choice("onExpiry", ["keep", "forfeit"])}
      <Switch
        label={t("admin.catalogue.isOffered")}
        checked={fields.offered}
        onChange={(event) => set({ offered: event.currentTarget.checked })}
      />
    </ActionDialog>
  );
}
