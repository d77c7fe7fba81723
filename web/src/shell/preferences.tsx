import { ActionIcon, Menu, useMantineColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { changeLanguage } from "../i18n/i18n.ts";
import { LANGUAGES } from "../i18n/language.ts";
import { useSession, useSessionUser } from "../session/session-context.tsx";
import { Icon, type IconName } from "../ui/icons.tsx";

const SCHEMES: readonly { readonly scheme: "auto" | "light" | "dark"; readonly icon: IconName }[] = [
  { scheme: "auto", icon: "auto" },
  { scheme: "light", icon: "sun" },
  { scheme: "dark", icon: "moon" },
];

/** Language, theme and signing out. */
export function Preferences() {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const session = useSession();
  const user = useSessionUser();
  return (
    <Menu position="bottom-end" shadow="md" width={220}>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" radius="xl" aria-label={t("shell.preferences")}>
          {user === undefined ? <Icon name="language" size={18} /> : <span aria-hidden="true">{initial(user.id)}</span>}
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {user === undefined ? null : <Menu.Label>{user.id}</Menu.Label>}
        {LANGUAGES.map(({ code, name }) => (
          <Menu.Item
            key={code}
            lang={code}
            leftSection={<Icon name="language" size={18} />}
            rightSection={i18n.language === code ? "✓" : null}
            onClick={() => void changeLanguage(code)}
          >
            {name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        {SCHEMES.map(({ scheme, icon }) => (
          <Menu.Item
            key={scheme}
            leftSection={<Icon name={icon} size={18} />}
            rightSection={colorScheme === scheme ? "✓" : null}
            onClick={() => setColorScheme(scheme)}
          >
            {t(`shell.scheme.${scheme}`)}
          </Menu.Item>
        ))}
        {user === undefined ? null : (
          <>
            <Menu.Divider />
            <Menu.Item leftSection={<Icon name="out" size={18} />} onClick={() => void session.signOut()}>
              {t("shell.signOut")}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function initial(userId: string): string {
  return userId.slice(0, 1).toUpperCase();
}
