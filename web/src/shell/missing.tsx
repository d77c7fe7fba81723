import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Page } from "../ui/page.tsx";
import styles from "../ui/ui.module.css";

export function Missing() {
  const { t } = useTranslation();
  return (
    <Page title={t("shell.missing")} lead={t("shell.missingLead")}>
      <p>
        <Link href="/" className={styles.link}>
          {t("shell.home")}
        </Link>
      </p>
    </Page>
  );
}
