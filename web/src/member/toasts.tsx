import { useChanges } from "@stipend/react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../i18n/format.ts";
import { useToast } from "../ui/toast.ts";

/** Each change of the account as it happens, in every window: what a reservation does in between is not worth a word. */
export function Toasts() {
  const { t } = useTranslation();
  const toast = useToast();
  const format = useFormat();
  useChanges((change, credits) => {
    if (change.type === "hold" || change.type === "release") return;
    toast({
      id: `change-${change.id}`,
      title: `${t(`types.${change.type}`)} ${change.amount === 0 ? "" : format.signed(change.amount)}`.trim(),
      message: `${change.reason} · ${t("member.toast.left", { available: format.number(credits.available) })}`,
      color: change.amount > 0 ? "evergreen" : "gray",
    });
  });
  return null;
}
