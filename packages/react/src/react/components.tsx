import { type CSSProperties, type KeyboardEvent, type ReactElement, useEffect, useId, useRef } from "react";
import type { CreditsErrorLike, Shortfall, Transaction } from "../core/types.ts";
import { useCreditsContext } from "./context.tsx";
import { fill, formatChange, formatDate, formatNumber, formatTime } from "./format.ts";
import { useCredits, useMembership, useMeter, useTopUp } from "./hooks.ts";
import type { Texts } from "./texts.ts";
import { useTransactions } from "./transactions.ts";
import type {
  CreditsBadgeProps,
  CreditsMeterProps,
  MembershipInfoProps,
  TopUpPromptProps,
  TransactionListProps,
} from "./types.ts";

/** "stipend-x" and what the caller adds. */
function classes(name: string, more: string | undefined): string {
  return more === undefined ? `stipend-${name}` : `stipend-${name} ${more}`;
}

function useWords() {
  const { texts, locale } = useCreditsContext();
  return {
    texts,
    say: (name: keyof Texts, values: Readonly<Record<string, string>> = {}) => fill(texts[name], values),
    number: (value: number) => formatNumber(locale, value),
    change: (value: number) => formatChange(locale, value),
    date: (time: string) => formatDate(locale, time),
    time: (time: string) => formatTime(locale, time),
  };
}

/** How many credits can be spent, in one line. */
export function CreditsBadge({ className, style, onClick }: CreditsBadgeProps): ReactElement {
  const { status, spendable, frozen, live, error, pending } = useCredits();
  const { say, number } = useWords();
  const shown = {
    className: classes("badge", className),
    style,
    "data-status": status,
    "data-live": live,
    "data-pending": pending > 0 || undefined,
    "data-frozen": frozen || undefined,
  };
  const content =
    spendable === null ? (
      <span className="stipend-badge-note">{say(wordOf(status, error))}</span>
    ) : (
      <>
        <span className="stipend-badge-count">{number(spendable)}</span>{" "}
        <span className="stipend-badge-unit">{say("creditsUnit")}</span>
        {frozen ? <span className="stipend-badge-note"> · {say("frozen")}</span> : null}
        {error === null ? null : <span className="stipend-badge-note"> · {say("offline")}</span>}
      </>
    );
  return onClick === undefined ? (
    <span {...shown}>{content}</span>
  ) : (
    <button type="button" {...shown} onClick={onClick}>
      {content}
    </button>
  );
}

function wordOf(status: string, error: CreditsErrorLike | null): "signedOut" | "loading" | "unavailable" {
  if (status === "signed_out") return "signedOut";
  return error === null ? "loading" : "unavailable";
}

/** What is left of the allowance, as a bar or a ring, with the next reset. */
export function CreditsMeter({ className, style, shape = "bar", size = 120 }: CreditsMeterProps): ReactElement {
  const { ratio, remaining, monthlyCredits, nextResetAt, other, low } = useMeter();
  const { say, number, date } = useWords();
  const known = ratio !== null && remaining !== null && monthlyCredits !== null;
  const text = known
    ? say("allowanceOf", { remaining: number(remaining), total: number(monthlyCredits) })
    : say("noAllowance");
  const label = useId();
  return (
    <div className={classes("meter", className)} style={style} data-shape={shape} data-low={low || undefined}>
      {known ? (
        <>
          <meter
            className="stipend-for-ears"
            aria-labelledby={label}
            min={0}
            max={monthlyCredits}
            value={Math.min(remaining, monthlyCredits)}
          >
            {text}
          </meter>
          <div
            aria-hidden="true"
            className="stipend-meter-track"
            style={{ "--stipend-meter-ratio": ratio, ...(shape === "ring" ? { width: size } : {}) } as CSSProperties}
          >
            {shape === "ring" ? <Ring ratio={ratio} /> : <div className="stipend-meter-fill" />}
          </div>
        </>
      ) : null}
      <div className="stipend-meter-words">
        <span id={label} className="stipend-meter-title">
          {say("allowance")}
        </span>
        <span className="stipend-meter-text">{text}</span>
        {nextResetAt === null ? null : (
          <span className="stipend-meter-note">{say("nextReset", { date: date(nextResetAt) })}</span>
        )}
        {other === null || other === 0 ? null : (
          <span className="stipend-meter-note">{say("otherCredits", { count: number(other) })}</span>
        )}
      </div>
    </div>
  );
}

function Ring({ ratio }: { readonly ratio: number }): ReactElement {
  return (
    <svg viewBox="0 0 36 36" aria-hidden="true" className="stipend-meter-ring">
      <circle className="stipend-meter-ring-rest" cx="18" cy="18" r="16" fill="none" pathLength={1} />
      <circle
        className="stipend-meter-ring-fill"
        cx="18"
        cy="18"
        r="16"
        fill="none"
        pathLength={1}
        strokeDasharray={`${ratio} 1`}
        transform="rotate(-90 18 18)"
      />
    </svg>
  );
}

/** The membership: tier, cycle, and what happens when. */
export function MembershipInfo(props: MembershipInfoProps): ReactElement {
  const { className, style, tierNames = {}, manageable = false, onJoin } = props;
  const { membership, isMember, tier, busy, status, error, cancel, resume } = useMembership();
  const { say, number, date } = useWords();
  const nameOf = (code: string): string => tierNames[code] ?? code.charAt(0).toUpperCase() + code.slice(1);
  const shown = { className: classes("membership", className), style, "data-status": membership?.status ?? status };
  if (membership === null) return <div {...shown}>{say(wordOf(status, error))}</div>;
  if (!isMember || tier === null) {
    return (
      <div {...shown}>
        <span className="stipend-membership-tier">{say("notMember")}</span>
        {onJoin === undefined ? null : (
          <button type="button" className="stipend-button" onClick={onJoin}>
            {say("join")}
          </button>
        )}
      </div>
    );
  }
  const { cancelAtPeriodEnd, currentPeriodEnd, expiresAt, pendingTier, monthlyCredits, cycle } = membership;
  const end = cancelAtPeriodEnd ? currentPeriodEnd : expiresAt;
  return (
    <div {...shown}>
      <span className="stipend-membership-tier">{nameOf(tier)}</span>
      {cycle === "monthly" || cycle === "yearly" ? (
        <span className="stipend-membership-cycle">{say(cycle)}</span>
      ) : null}
      {monthlyCredits === null ? null : <span>{say("perMonth", { count: number(monthlyCredits) })}</span>}
      {end !== null ? <span className="stipend-membership-end">{say("endsOn", { date: date(end) })}</span> : null}
      {end === null && currentPeriodEnd !== null ? (
        <span>
          {pendingTier === null
            ? say("renewsOn", { date: date(currentPeriodEnd) })
            : say("changesTo", { tier: nameOf(pendingTier), date: date(currentPeriodEnd) })}
        </span>
      ) : null}
      {manageable ? (
        <button
          type="button"
          className="stipend-button"
          disabled={busy}
          onClick={() => void (cancelAtPeriodEnd ? resume() : cancel())}
        >
          {say(cancelAtPeriodEnd ? "resume" : "cancel")}
        </button>
      ) : null}
    </div>
  );
}

const TYPE_TEXTS: Readonly<Record<string, keyof Texts>> = {
  consume: "typeConsume",
  refund: "typeRefund",
  grant: "typeGrant",
  reset: "typeReset",
  expire: "typeExpire",
  hold: "typeHold",
  release: "typeRelease",
  adjust: "typeAdjust",
  freeze: "typeFreeze",
  unfreeze: "typeUnfreeze",
};

/** The history, newest first, following the account. */
export function TransactionList({ className, style, filter, renderRow }: TransactionListProps): ReactElement {
  const { status, data, hasMore, loadMore, reload } = useTransactions(filter);
  const { say } = useWords();
  return (
    <div className={classes("transactions", className)} style={style} data-status={status}>
      {status === "loading" ? <p>{say("loading")}</p> : null}
      {status === "failed" ? (
        <p role="alert">
          {say("unavailable")}{" "}
          <button type="button" className="stipend-button" onClick={reload}>
            {say("retry")}
          </button>
        </p>
      ) : null}
      {status === "ready" && data.length === 0 ? <p>{say("noHistory")}</p> : null}
      {data.length === 0 ? null : (
        <ul className="stipend-transactions-list" aria-label={say("history")}>
          {data.map((row) => (
            <li key={row.id} className="stipend-transaction" data-type={row.type}>
              {renderRow === undefined ? <Row row={row} /> : renderRow(row)}
            </li>
          ))}
        </ul>
      )}
      {hasMore ? (
        <button type="button" className="stipend-button" onClick={loadMore}>
          {say("loadMore")}
        </button>
      ) : null}
    </div>
  );
}

function Row({ row }: { readonly row: Transaction }): ReactElement {
  const { say, change, number, time } = useWords();
  const name = TYPE_TEXTS[row.type];
  return (
    <>
      <span className="stipend-transaction-type">{name === undefined ? row.type : say(name)}</span>
      <span className="stipend-transaction-reason">{row.reason}</span>
      <time className="stipend-transaction-time" dateTime={row.createdAt}>
        {time(row.createdAt)}
      </time>
      <span className="stipend-transaction-amount" data-sign={Math.sign(row.amount)}>
        {change(row.amount)}
      </span>
      <span className="stipend-transaction-balance">{number(row.balanceAfter)}</span>
    </>
  );
}

/** Shown after a 402: what is missing, and the ways out. Nothing is shown otherwise. */
export function TopUpPrompt(props: TopUpPromptProps): ReactElement | null {
  const { shortfall, dismiss } = useTopUp();
  // A new refusal is a new prompt, and takes the focus anew.
  return shortfall === null ? null : <Prompt {...props} shortfall={shortfall} dismiss={dismiss} />;
}

interface PromptProps extends TopUpPromptProps {
  readonly shortfall: Shortfall;
  readonly dismiss: () => void;
}

function Prompt({ className, style, onTopUp, onUpgrade, shortfall, dismiss }: PromptProps): ReactElement {
  const { say, number } = useWords();
  const title = useId();
  const body = useId();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") dismiss();
  };
  const { required, available, shortfall: missing, options } = shortfall;
  return (
    <div
      ref={box}
      role="alertdialog"
      aria-labelledby={title}
      aria-describedby={body}
      tabIndex={-1}
      className={classes("top-up", className)}
      style={style}
      onKeyDown={onKeyDown}
    >
      <h2 id={title} className="stipend-top-up-title">
        {say("topUpTitle")}
      </h2>
      <p id={body}>
        {say("topUpBody", {
          required: number(required),
          available: number(available),
          shortfall: number(missing),
        })}
      </p>
      <div className="stipend-top-up-ways">
        {options.flatMap((way) =>
          way.action === "top_up"
            ? way.packages.map(({ code, credits }) => (
                <Way
                  key={code}
                  text={say("buy", { count: number(credits) })}
                  onClick={onTopUp && (() => onTopUp(code))}
                />
              ))
            : [<Way key="upgrade" text={say("upgrade")} onClick={onUpgrade} />],
        )}
        <button type="button" className="stipend-button stipend-button-quiet" onClick={dismiss}>
          {say("dismiss")}
        </button>
      </div>
    </div>
  );
}

/** A button when it leads somewhere. */
function Way({ text, onClick }: { readonly text: string; readonly onClick: (() => void) | undefined }): ReactElement {
  return onClick === undefined ? (
    <span className="stipend-top-up-way">{text}</span>
  ) : (
    <button type="button" className="stipend-button" onClick={onClick}>
      {text}
    </button>
  );
}
