import { type NotificationData, notifications } from "@mantine/notifications";
import { useTranslation } from "react-i18next";

/** Shows a notice for some seconds; its button to close it has a name. */
export function useToast(): (notice: NotificationData) => void {
  const { t } = useTranslation();
  return (notice) => {
    notifications.show({ closeButtonProps: { "aria-label": t("common.close") }, ...notice });
  };
}
