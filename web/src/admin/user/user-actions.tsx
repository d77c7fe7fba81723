import { Button, Menu } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { User } from "../../api/types.ts";
import { AdjustDialog, GrantDialog, PackageDialog, PlainDialog } from "./credit-dialogs.tsx";
import { EndDialog, MembershipDialog } from "./membership-dialogs.tsx";

type Action = "grant" | "adjust" | "package" | "reset" | "freeze" | "unfreeze" | "setMembership" | "endMembership";

/** What an admin can do to this user; each asks for a reason, and each stands in the audit log. */
export function UserActions({ user, frozen }: { user: User; frozen: boolean }) {
  const { t } = useTranslation();
  const [action, setAction] = useState<Action>();
  const close = (): void => setAction(undefined);
  const item = (name: Action, danger = false) => (
    <Menu.Item key={name} color={danger ? "red" : undefined} onClick={() => setAction(name)}>
      {t(`admin.user.${name}`)}
    </Menu.Item>
  );
  return (
    <>
      <Button variant="default" onClick={() => setAction("setMembership")}>
        {t("admin.user.setMembership")}
      </Button>
      <Button onClick={() => setAction("grant")}>{t("admin.user.grant")}</Button>
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <Button variant="default">{t("admin.user.more")}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {item("package")}
          {item("adjust")}
          {item("reset")}
          <Menu.Divider />
          {frozen ? item("unfreeze") : item("freeze", true)}
          {user.status === "active" ? item("endMembership", true) : null}
        </Menu.Dropdown>
      </Menu>
      {action === undefined ? null : <Dialog action={action} user={user} onClose={close} />}
    </>
  );
}

function Dialog({ action, user, onClose }: { action: Action; user: User; onClose: () => void }) {
  const { userId } = user;
  switch (action) {
    case "grant":
      return <GrantDialog userId={userId} onClose={onClose} />;
    case "adjust":
      return <AdjustDialog userId={userId} onClose={onClose} />;
    case "package":
      return <PackageDialog userId={userId} onClose={onClose} />;
    case "reset":
    case "freeze":
    case "unfreeze":
      return <PlainDialog userId={userId} what={action} onClose={onClose} />;
    case "setMembership":
      return <MembershipDialog user={user} onClose={onClose} />;
    case "endMembership":
      return <EndDialog user={user} onClose={onClose} />;
  }
}
