import {
  type CSSProperties,
  type KeyboardEvent,
  type ReactElement,
  type ReactNode,
  useEffect,
  useId,
  useRef,
} from "react";
import type { Shortfall, Snapshot, Transaction } from "../core/types.ts";
import { useCreditsContext, useCreditsSnapshot } from "./context.tsx";
import { fill, formatTime, type Values } from "./format.ts";
import { useMembership, useMeter, useTopUp } from "./hooks.ts";
import type { Texts } from "./texts.ts";
import { useTransactions } from "./transactions.ts";
import type {
  ComponentProps,
  CreditsBadgeProps,
  CreditsMeterProps,
  MembershipInfoProps,
  TopUpPromptProps,
  TransactionListProps,
} from "./types.ts";

type Say = (name: keyof Texts, values?: Values) => string;

/** Words of the reader's language: numbers formatted, `date` as a day. */
function useWords(): { readonly say: Say; readonly locale: string } {
  const { texts, locale } = useCreditsContext();
  const say: Say = (name, values = {}) =>
    fill(texts[name], values, (value, key) =>
      key === "date" ? formatTime(locale, String(value)) : value.toLocaleString(locale),
    );
  return { say, locale };
}

/** The outermost element's class and style: "stipend-x" and what the caller adds. */
function outer(name: string, { className = "", style }: ComponentProps) {
  return { className: `stipend-${name} ${className}`.trim(), style };
}

/** A part with a class of its own; nothing when there is nothing in it. */
function part(name: string, content: ReactNode): ReactNode {
  return content ? <span className={`stipend-${name}`}>{content}</span> : null;
}

function button(text: string, onClick: () => void, isDisabled = false): ReactElement {
  return (
    <button key={text} type="button" className="stipend-button" disabled={isDisabled} onClick={onClick}>
      {text}
    </button>
  );
}

function wordOf({ status, error }: Pick<Snapshot, "status" | "error">): keyof Texts {
  if (status === "signed_out") return "signedOut";
  return error ? "unavailable" : "loading";
}

/** How many credits can be spent, in one line. */
export function CreditsBadge({ onClick, ...props }: CreditsBadgeProps): ReactElement {
  const snapshot = useCreditsSnapshot();
  const { say, locale } = useWords();
  const { status, spendable, credits, live, error } = snapshot;
  const isFrozen = credits?.status === "frozen";
  const shown = {
    ...outer("badge", props),
    "data-status": status,
    "data-live": live,
    children:
      spendable === null ? (
        part("badge-note", say(wordOf(snapshot)))
      ) : (
        <>
          {part("badge-count", spendable.toLocaleString(locale))} {part("badge-unit", say("unit"))}
          {part("badge-note", isFrozen ? say("frozen") : error && say("offline"))}
        </>
      ),
  };
  return onClick ? <button type="button" {...shown} onClick={onClick} /> : <span {...shown} />;
}

/** What is left of the allowance, as a bar or a ring, with the next reset. */
export function CreditsMeter({ shape = "bar", size = 120, ...props }: CreditsMeterProps): ReactElement {
  const { ratio, remaining, monthlyCredits, nextResetAt, other, low } = useMeter();
  const { say } = useWords();
  const isKnown = ratio !== null;
  const left = { remaining: remaining ?? 0, total: monthlyCredits ?? 0 };
  return (
    <div {...outer("meter", props)} data-shape={shape} data-low={low || undefined}>
      {isKnown && (
        <div
          aria-hidden="true"
          className="stipend-meter-track"
          style={{ "--stipend-meter-ratio": ratio, ...(shape === "ring" && { width: size }) } as CSSProperties}
        >
          <div className="stipend-meter-fill" />
        </div>
      )}
      <div className="stipend-meter-words">
        {part("meter-title", say("allowance"))}
        {part("meter-text", isKnown ? say("left", left) : say("noAllowance"))}
        {part("meter-note", nextResetAt && say("nextReset", { date: nextResetAt }))}
        {part("meter-note", other ? say("others", { count: other }) : null)}
      </div>
    </div>
  );
}

/** The membership: tier, cycle, and what happens when. */
export function MembershipInfo({ tierNames = {}, manageable, onJoin, ...props }: MembershipInfoProps): ReactElement {
  const { membership, isMember, tier, busy, status, error, ...change } = useMembership();
  const { say } = useWords();
  const nameOf = (code: string): string => tierNames[code] ?? code.charAt(0).toUpperCase() + code.slice(1);
  const shown = { ...outer("membership", props), "data-status": membership?.status ?? status };
  if (!membership) return <div {...shown}>{say(wordOf({ status, error }))}</div>;
  const { cancelAtPeriodEnd, currentPeriodEnd, expiresAt, pendingTier, monthlyCredits, cycle } = membership;
  if (!isMember || tier === null) {
    return (
      <div {...shown}>
        {part("membership-tier", say("notMember"))}
        {onJoin && button(say("join"), onJoin)}
      </div>
    );
  }
  const end = cancelAtPeriodEnd ? currentPeriodEnd : expiresAt;
  const date = currentPeriodEnd ?? "";
  const offer = cancelAtPeriodEnd ? "resume" : "cancel";
  const next = pendingTier ? say("changes", { tier: nameOf(pendingTier), date }) : date && say("renews", { date });
  return (
    <div {...shown}>
      {part("membership-tier", nameOf(tier))}
      {part("membership-cycle", cycle && say(cycle as "monthly"))}
      {part("membership-credits", monthlyCredits && say("perMonth", { count: monthlyCredits }))}
      {end ? part("membership-end", say("ends", { date: end })) : part("membership-next", next)}
      {manageable && button(say(offer), () => void change[offer](), busy)}
    </div>
  );
}

/** The history, newest first, following the account. */
export function TransactionList({ filter, renderRow, ...props }: TransactionListProps): ReactElement {
  const { status, data, hasMore, loadMore, reload } = useTransactions(filter);
  const { say } = useWords();
  const isEmpty = data.length === 0;
  return (
    <div {...outer("transactions", props)} data-status={status}>
      {isEmpty ? (
        <p role={status === "failed" ? "alert" : undefined}>
          {say(status === "ready" ? "noHistory" : status === "failed" ? "unavailable" : "loading")}{" "}
          {status === "failed" && button(say("retry"), reload)}
        </p>
      ) : (
        <ul className="stipend-transactions-list">
          {data.map((row) => (
            <li key={row.id} className="stipend-transaction" data-type={row.type}>
              {renderRow ? renderRow(row) : <Row row={row} />}
            </li>
          ))}
        </ul>
      )}
      {hasMore && button(say("more"), loadMore)}
    </div>
  );
}

function Row({ row: { type, reason, createdAt, amount, balanceAfter } }: { readonly row: Transaction }): ReactElement {
  const { texts, locale } = useCreditsContext();
  return (
    <>
      {part("transaction-type", texts[type as "consume"] ?? type)}
      {part("transaction-reason", reason)}
      <time className="stipend-transaction-time" dateTime={createdAt}>
        {formatTime(locale, createdAt, "short")}
      </time>
      <span className="stipend-transaction-amount" data-sign={Math.sign(amount)}>
        {amount.toLocaleString(locale, { signDisplay: "exceptZero" })}
      </span>
      {part("transaction-balance", balanceAfter.toLocaleString(locale))}
    </>
  );
}

/** Shown after a 402: what is missing, and the ways out. Nothing is shown otherwise. */
export function TopUpPrompt(props: TopUpPromptProps): ReactElement | null {
  const { shortfall, dismiss } = useTopUp();
  return shortfall && <Prompt {...props} shortfall={shortfall} dismiss={dismiss} />;
}

interface PromptProps extends TopUpPromptProps {
  readonly shortfall: Shortfall;
  readonly dismiss: () => void;
}

function Prompt({ onTopUp, onUpgrade, shortfall, dismiss, ...props }: PromptProps): ReactElement {
  const { say } = useWords();
  const body = useId();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  const { required, available, shortfall: missing, options } = shortfall;
  /** A button when it leads somewhere. */
  const way = (text: string, onClick: (() => void) | undefined) =>
    onClick ? button(text, onClick) : <span key={text}>{text}</span>;
  return (
    <div
      {...outer("top-up", props)}
      ref={box}
      role="alertdialog"
      aria-label={say("short")}
      aria-describedby={body}
      tabIndex={-1}
      onKeyDown={(event: KeyboardEvent) => event.key === "Escape" && dismiss()}
    >
      <h2 className="stipend-top-up-title">{say("short")}</h2>
      <p id={body}>{say("shortBy", { required, available, shortfall: missing })}</p>
      <div className="stipend-top-up-ways">
        {options.map(({ action, packages }) =>
          action === "upgrade"
            ? way(say("upgrade"), onUpgrade)
            : packages.map(({ code, credits }) =>
                way(say("buy", { count: credits }), onTopUp && (() => onTopUp(code))),
              ),
        )}
        {button(say("dismiss"), dismiss)}
      </div>
    </div>
  );
}
