import { NumberInput, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useApi } from "../../api/api-context.tsx";
import type { Package } from "../../api/types.ts";
import { ActionDialog } from "../../ui/action-dialog.tsx";

/** A new package, or a change of one; credits already bought keep what they were bought with. */
export function PackageForm({ offer, onClose }: { offer: Package | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  const api = useApi();
  const [code, setCode] = useState(offer?.code ?? "");
  const [fields, setFields] = useState({
    name: offer?.name ?? "",
    credits: offer?.credits ?? 100,
    priceMinor: offer?.priceMinor ?? 0,
    currency: offer?.currency ?? "USD",
    validDays: offer?.validDays ?? null,
    priority: offer?.priority ?? 50,
    requiresMembership: offer?.requiresMembership ?? true,
    active: offer?.active ?? true,
  });
  const set = (change: Partial<typeof fields>): void => setFields({ ...fields, ...change });
  const whole = (name: "credits" | "priceMinor" | "priority", max: number, hint?: string) => (
    <NumberInput
      label={t(`admin.catalogue.${name}`)}
      description={hint}
      value={fields[name]}
      onChange={(value) => set({ [name]: Number(value) })}
      min={name === "credits" ? 1 : 0}
      max={max}
      allowDecimal={false}
      thousandSeparator=","
    />
  );
  return (
    <ActionDialog
      title={offer === undefined ? t("admin.catalogue.newPackage") : offer.name}
      lead={t("admin.catalogue.packageLead")}
      submit={t("common.save")}
      done={t("admin.catalogue.saved")}
      onClose={onClose}
      run={(reason) =>
        api.put(`/api/admin/packages/${code.trim()}`, { ...fields, reason }, { ifMatch: offer?.version })
      }
    >
      {offer === undefined ? (
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
        value={fields.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
        maxLength={120}
        required
      />
      {whole("credits", 1_000_000)}
      {whole("priceMinor", 1_000_000_000, t("admin.catalogue.priceHint"))}
      <TextInput
        label={t("admin.catalogue.currency")}
        value={fields.currency}
        pattern="[A-Z]{3}"
        maxLength={3}
        onChange={(event) => set({ currency: event.currentTarget.value.toUpperCase() })}
        required
      />
      <NumberInput
        label={t("admin.catalogue.validDays")}
        description={t("admin.catalogue.validHint")}
        value={fields.validDays ?? ""}
        onChange={(value) => set({ validDays: value === "" ? null : Number(value) })}
        min={1}
        max={3_650}
        allowDecimal={false}
      />
      {whole("priority", 1_000, t("admin.catalogue.priorityHint"))}
      <Switch
        label={t("admin.catalogue.membersOnly")}
        checked={fields.requiresMembership}
        onChange={(event) => set({ requiresMembership: event.currentTarget.checked })}
      />
      <Switch
        label={t("admin.catalogue.isOffered")}
        checked={fields.active}
        onChange={(event) => set({ active: event.currentTarget.checked })}
      />
    </ActionDialog>
  );
}
