import { Button, Textarea } from "@mantine/core";
import { type MeteredAnswer, TopUpPrompt, useConsume, useCredits } from "@stipend/react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { Card, Page } from "../../ui/page.tsx";
import { Empty, Failure } from "../../ui/states.tsx";
import ui from "../../ui/ui.module.css";
import styles from "../member.module.css";

interface Rewritten {
  readonly text: string;
  readonly wordsBefore: number;
  readonly wordsAfter: number;
}

const MAX_CHARS = 20_000;
/** As deploy/features.yaml has it; only the first guess, the answer says what was charged. */
const COST = 1;

/** A metered feature: credits are reserved, the text is rewritten, and only then they are spent. */
export function TryIt() {
  const { t } = useTranslation();
  const [, goTo] = useLocation();
  const { spendable } = useCredits();
  const { callMetered, running, error, clearError } = useConsume();
  const [text, setText] = useState(() => t("member.try.example"));
  const [answer, setAnswer] = useState<MeteredAnswer<Rewritten>>();
  const send = (event: FormEvent): void => {
    event.preventDefault();
    clearError();
    callMetered<Rewritten>("/api/rewrite", { body: { text }, cost: COST })
      .then(setAnswer)
      .catch(() => setAnswer(undefined));
  };
  return (
    <Page title={t("member.try.title")} lead={t("member.try.lead")}>
      <div className={styles.split}>
        <Card title={t("member.try.before")}>
          <form onSubmit={send} className={ui.page}>
            <Textarea
              aria-label={t("member.try.before")}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              minRows={8}
              autosize
              maxRows={20}
              maxLength={MAX_CHARS}
              required
            />
            <div className={`${ui.bar} ${ui.middle}`}>
              <Button type="submit" loading={running > 0} disabled={text.trim() === ""}>
                {t("member.try.run", { count: COST })}
              </Button>
              <span className={ui.hint}>{t("member.try.left", { count: spendable ?? 0 })}</span>
            </div>
          </form>
        </Card>
        <Card title={t("member.try.after")}>
          <div aria-live="polite">
            {error !== null && error.code !== "insufficient_credits" ? <Failure error={error} /> : null}
            <TopUpPrompt onUpgrade={() => goTo("/plans")} onTopUp={() => goTo("/plans")} />
            {answer === undefined ? (
              <Empty title={t("member.try.nothing")}>{t("member.try.nothingLead")}</Empty>
            ) : (
              <>
                <p className={styles.result} data-testid="rewritten">
                  {answer.data.text}
                </p>
                <p className={ui.hint}>
                  {t("member.try.words", { before: answer.data.wordsBefore, after: answer.data.wordsAfter })} ·{" "}
                  {t("member.try.charged", { count: answer.charged ?? 0 })}
                </p>
              </>
            )}
          </div>
        </Card>
      </div>
    </Page>
  );
}
