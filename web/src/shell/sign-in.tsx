import { Button, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Api } from "../api/api.ts";
import { useSession } from "../session/session-context.tsx";
import { Failure, Loading } from "../ui/states.tsx";
import { Pill } from "../ui/values.tsx";
import { Wordmark } from "./frame.tsx";
import { Preferences } from "./preferences.tsx";
import { readSettings } from "./settings.ts";
import styles from "./shell.module.css";

/** What is shown while nobody is signed in, at whatever address. */
export function SignIn() {
  const { t } = useTranslation();
  const { signIn } = useSession();
  useEffect(() => {
    document.title = `${t("signIn.title")} · Stipend`;
  }, [t]);
  return (
    <main className={styles.signIn}>
      <div className={styles.signInBox}>
        <div className={styles.signInTop}>
          <Wordmark />
          <Preferences />
        </div>
        <h1 className={styles.signInTitle}>{t("signIn.title")}</h1>
        {signIn.kind === "redirect" ? (
          <>
            <p>{t("signIn.redirectLead")}</p>
            <Button size="md" onClick={() => void signIn.begin()}>
              {t("signIn.redirect")}
            </Button>
          </>
        ) : (
          <HandOver use={signIn.use} />
        )}
      </div>
    </main>
  );
}

function HandOver({ use }: { use: (token: string) => void }) {
  const users = useDemoUsers();
  if (users === undefined) return <Loading />;
  return users.length === 0 ? <Paste use={use} /> : <Demo users={users} use={use} />;
}

/** As proto/http/sign-in.ts has it. */
interface DemoUser {
  readonly userId: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly about: Readonly<Record<string, string>>;
}

/** After that a token can be pasted. */
const DEMO_USERS_MS = 5_000;

const anonymous = new Api({ getToken: () => Promise.resolve(undefined) });

/**
 * Empty where there is no development sign-in, undefined until that is known: a form that is shown meanwhile and then
 * gives way to the users would take along what was typed into it.
 */
function useDemoUsers(): readonly DemoUser[] | undefined {
  const { signIn } = readSettings();
  const development = signIn.kind === "token" && signIn.development;
  const [users, setUsers] = useState<readonly DemoUser[] | undefined>(development ? undefined : []);
  useEffect(() => {
    if (!development) return;
    const end = new AbortController();
    const signal = AbortSignal.any([end.signal, AbortSignal.timeout(DEMO_USERS_MS)]);
    anonymous
      .get<{ data: readonly DemoUser[] }>("/api/dev/users", {}, signal)
      .then(({ data }) => setUsers(data))
      .catch(() => {
        if (!end.signal.aborted) setUsers([]);
      });
    return () => end.abort();
  }, [development]);
  return users;
}

function Demo({ users, use }: { users: readonly DemoUser[]; use: (token: string) => void }) {
  const { t, i18n } = useTranslation();
  const [error, setError] = useState<unknown>();
  const enter = (userId: string): void => {
    anonymous
      .post<{ token: string }>("/api/dev/sign-in", { userId })
      .then(({ body }) => use(body.token))
      .catch(setError);
  };
  return (
    <>
      <p className={styles.muted}>{t("signIn.demoLead")}</p>
      {error === undefined ? null : <Failure error={error} />}
      <ul className={styles.people}>
        {users.map(({ userId, name, roles, about }) => (
          <li key={userId}>
            <button type="button" className={styles.person} onClick={() => enter(userId)}>
              <span className={styles.personName}>
                {name}
                {roles
                  .filter((role) => role !== "user")
                  .map((role) => (
                    <Pill key={role} dot={false}>
                      {t(`roles.${role}`)}
                    </Pill>
                  ))}
              </span>
              <span className={styles.muted}>{about[i18n.language] ?? about["en"]}</span>
            </button>
          </li>
        ))}
      </ul>
      <details>
        <summary className={styles.muted}>{t("signIn.pasteInstead")}</summary>
        <Paste use={use} />
      </details>
    </>
  );
}

function Paste({ use }: { use: (token: string) => void }) {
  const { t } = useTranslation();
  const [token, setToken] = useState("");
  const [wrong, setWrong] = useState(false);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    try {
      use(token);
    } catch {
      setWrong(true);
    }
  };
  return (
    <form onSubmit={send}>
      <Stack>
        <TextInput
          type="password"
          label={t("signIn.token")}
          description={t("signIn.tokenHint")}
          value={token}
          error={wrong ? t("signIn.tokenWrong") : undefined}
          onChange={(event) => {
            setToken(event.currentTarget.value);
            setWrong(false);
          }}
          autoComplete="off"
          required
        />
        <Button type="submit" size="md">
          {t("signIn.submit")}
        </Button>
      </Stack>
    </form>
  );
}
