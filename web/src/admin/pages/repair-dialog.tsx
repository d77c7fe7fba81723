import { useTranslation } from "react-i18next";
import { useApi } from "../../api/api-context.tsx";
import type { Consistency } from "../../api/types.ts";
import { ActionDialog } from "../../ui/action-dialog.tsx";
import { Facts } from "../../ui/page.tsx";
import ui from "../../ui/ui.module.css";
import { Num } from "../../ui/values.tsx";

type Difference = Consistency["differences"][number];
type Plan = NonNullable<NonNullable<Difference["repair"]>["plan"]>;

/** What one call would do about a difference, and the call: refused once something else differs than is shown here. */
export function RepairDialog({ row, onClose }: { row: Difference; onClose: () => void }) {
  const { t } = useTranslation();
  const api = useApi();
  const { userId, repair } = row;
  const plan = repair?.plan ?? null;
  const proposal = repair === null ? {} : { proposal: repair.proposal };
  return (
    <ActionDialog
      title={t("admin.consistency.repair")}
      lead={plan === null ? t("admin.consistency.repairLead", { userId }) : <BooksRepair userId={userId} plan={plan} />}
      submit={t("admin.consistency.repair")}
      done={t(plan === null ? "admin.consistency.repairDone" : "admin.consistency.booksDone")}
      onClose={onClose}
      run={(reason) => api.post("/api/admin/consistency/repair", { userId, reason, ...proposal })}
    />
  );
}

function BooksRepair({ userId, plan }: { userId: string; plan: Plan }) {
  const { t } = useTranslation();
  const { found, told, after, newGrant, grantsChanged, holdsChanged } = plan;
  return (
    <>
      <p>{t(plan.restates ? "admin.consistency.restateLead" : "admin.consistency.booksLead", { userId })}</p>
      <Facts
        facts={[
          [t("admin.consistency.told"), <Num key="told" value={told.balance} />],
          [t("admin.consistency.accountSays"), <Num key="account" value={found.balance} />],
          [t("admin.consistency.grantsSay"), <Num key="grants" value={found.grants} />],
          [t("admin.consistency.after"), <Num key="after" value={after.balance} />],
          [t("admin.consistency.heldAfter"), <Num key="held" value={after.held} />],
        ]}
      />
      <ul className={ui.hint}>
        {grantsChanged === 0 ? null : <li>{t("admin.consistency.grantsChange", { count: grantsChanged })}</li>}
        {holdsChanged === 0 ? null : <li>{t("admin.consistency.holdsChange", { count: holdsChanged })}</li>}
        {newGrant === 0 ? null : <li>{t("admin.consistency.newGrant", { credits: newGrant })}</li>}
        {found.status === after.status ? null : (
          <li>{t("admin.consistency.statusChanges", { status: t(`status.${after.status}`) })}</li>
        )}
      </ul>
    </>
  );
}
