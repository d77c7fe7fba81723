import { useTransactions } from "@stipend/react";
import { useTranslation } from "react-i18next";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { Change, When } from "../ui/values.tsx";
import styles from "./member.module.css";

/** What moved something; a reservation that came and went is told by what followed it. */
const FILTER = { limit: 5, type: ["consume", "refund", "grant", "reset", "expire", "adjust"] };

/** The newest rows of the ledger that moved something. */
export function RecentRows() {
  const { t } = useTranslation();
  const { status, data, error, reload } = useTransactions(FILTER);
  if (status === "loading") return <Loading />;
  if (status === "failed" && data.length === 0) return <Failure error={error} onRetry={reload} />;
  if (data.length === 0) return <Empty title={t("member.history.empty")}>{t("member.history.emptyLead")}</Empty>;
  return (
    <ul className={styles.rows}>
      {data.slice(0, FILTER.limit).map((row) => (
        <li key={row.id}>
          <span>
            <b>{row.reason}</b>
            <span className={styles.sub}>
              {t(`types.${row.type}`)} · <When at={row.createdAt} />
            </span>
          </span>
          <Change value={row.amount} />
        </li>
      ))}
    </ul>
  );
}
