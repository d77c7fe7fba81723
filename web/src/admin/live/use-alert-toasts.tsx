import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useToast } from "../../ui/toast.ts";
import type { StaffAlert } from "./arrivals.ts";
import styles from "./live.module.css";

/** More at once are told in one word. */
const MOST_AT_ONCE = 3;
const SHOWN_MS = 10_000;
const COLORS: Readonly<Record<StaffAlert["severity"], string>> = { info: "gray", warning: "yellow", critical: "red" };
/** From whatever page one is on. */
const ALERTS_PAGE = "~/admin/alerts";

/** Shows alerts that have just arrived. */
export function useAlertToasts(): (arrived: readonly StaffAlert[]) => void {
  const { t } = useTranslation();
  const toast = useToast();
  const toAlerts = (
    <Link href={ALERTS_PAGE} className={styles.toAlerts}>
      {t("admin.live.toAlerts")}
    </Link>
  );
  return (arrived) => {
    if (arrived.length > MOST_AT_ONCE) {
      const title = t("admin.live.many", { count: arrived.length });
      toast({ id: "alerts-many", title, message: toAlerts, color: "red", autoClose: SHOWN_MS });
      return;
    }
    for (const { id, rule, severity, family } of arrived) {
      toast({
        // Told again as something graver, it is news again.
        id: `alert-${id}-${severity}`,
        title: t(`rules.${rule}`, { defaultValue: rule }),
        message: (
          <>
            {t(`severities.${severity}`)} · {t(`families.${family}`)} · {toAlerts}
          </>
        ),
        color: COLORS[severity],
        autoClose: SHOWN_MS,
      });
    }
  };
}
