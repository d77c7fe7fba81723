import { type Finding, fingerprintOf, type Recovery } from "../domain/alerts.ts";
import { type Comparison, type CreditsSide, compare, needsSecondLook } from "../domain/consistency.ts";
import type { JobRules } from "../rules/all.ts";
import { balanceDifference, judgeDifference } from "../rules/balance-difference.ts";
import { judgeLag, viewLag } from "../rules/view-lag.ts";
import type { CheckRemark, CheckSource, CheckStore, CheckTransaction } from "./ports.ts";

export interface CheckReport {
  readonly checked: number;
  readonly equal: number;
  readonly lagging: number;
  readonly different: number;
}

const NOTHING: CheckReport = { checked: 0, equal: 0, lagging: 0, different: 0 };

export interface PageReport extends CheckReport {
  /** Whether this page was the last of a pass. */
  readonly passEnded: boolean;
}

/**
 * One step of the rolling check: the next page of all accounts, wherever the last step stopped.
 *
 * @param limit accounts a page, 1 to 500.
 */
export async function checkNextPage(
  source: CheckSource,
  store: CheckStore,
  rules: JobRules,
  limit: number,
  now: Date,
): Promise<PageReport> {
  const { after } = await store.passState();
  const { accounts, next } = await source.page(after, limit);
  const comparisons = await compareAll(source, accounts);
  const report = await store.checking(async (tx) => {
    // Two instances on the same page: the second one's work is the same, but must not move the pass.
    await tx.advance(after, next, accounts.length, now);
    return await settle(tx, rules, comparisons, now);
  });
  return { ...report, passEnded: next === null };
}

/** An account that was not equal is compared anew so often, whatever the pass does: a repair shows at once. */
const LOOK_AGAIN_MS = 5_000;

/** Compares anew what was not equal a moment ago, so that an alert is over when its cause is. Answers how many. */
export async function checkUnequal(
  source: CheckSource,
  store: CheckStore,
  rules: JobRules,
  limit: number,
  now: Date,
): Promise<number> {
  const userIds = await store.unequal(new Date(now.getTime() - LOOK_AGAIN_MS), limit);
  if (userIds.length === 0) return 0;
  return (await checkAccounts(source, store, rules, userIds, now)).report.checked;
}

/** Checks these accounts now, outside the rolling pass. At most 500. */
export async function checkAccounts(
  source: CheckSource,
  store: CheckStore,
  rules: JobRules,
  userIds: readonly string[],
  now: Date,
): Promise<{ readonly report: CheckReport; readonly comparisons: readonly Comparison[] }> {
  const comparisons = await compareAll(source, await source.accounts(userIds));
  const report = await store.checking((tx) => settle(tx, rules, comparisons, now));
  return { report, comparisons };
}

/** Differences kept of a pass over all accounts; the rest is in the table. */
const MAX_KEPT = 100;

/**
 * Checks every account now, page by page, beside the rolling pass and without moving it.
 *
 * @param impatient asked after each page; true ends it early.
 */
export async function checkEveryAccount(
  source: CheckSource,
  store: CheckStore,
  rules: JobRules,
  limit: number,
  now: Date,
  impatient: () => boolean,
): Promise<{ readonly report: CheckReport; readonly complete: boolean; readonly comparisons: readonly Comparison[] }> {
  let report = NOTHING;
  let after: string | null = null;
  const kept: Comparison[] = [];
  do {
    const page: Awaited<ReturnType<CheckSource["page"]>> = await source.page(after, limit);
    const comparisons = await compareAll(source, page.accounts);
    const part = await store.checking((tx) => settle(tx, rules, comparisons, now));
    report = {
      checked: report.checked + part.checked,
      equal: report.equal + part.equal,
      lagging: report.lagging + part.lagging,
      different: report.different + part.different,
    };
    kept.push(...comparisons.filter((each) => each.result === "different").slice(0, MAX_KEPT - kept.length));
    after = page.next;
  } while (after !== null && !impatient());
  return { report, complete: after === null, comparisons: kept };
}

async function compareAll(source: CheckSource, accounts: readonly CreditsSide[]): Promise<Comparison[]> {
  if (accounts.length === 0) return [];
  const views = new Map(
    (await source.views(accounts.map((account) => account.userId))).map((view) => [view.userId, view]),
  );
  const doubtful = accounts.filter((account) => needsSecondLook(account, views.get(account.userId) ?? null));
  const again = new Map<string, CreditsSide>();
  if (doubtful.length > 0) {
    for (const account of await source.accounts(doubtful.map((each) => each.userId)))
      again.set(account.userId, account);
  }
  const comparisons = accounts.map((account) =>
    compare(again.get(account.userId) ?? account, views.get(account.userId) ?? null),
  );
  const unsound = comparisons.filter(({ booksAreSound }) => !booksAreSound).map(({ credits }) => credits.userId);
  if (unsound.length === 0) return comparisons;
  const plans = await source.plans(unsound);
  return comparisons.map((comparison) => ({ ...comparison, plan: plans.get(comparison.credits.userId) ?? null }));
}

async function settle(
  tx: CheckTransaction,
  rules: JobRules,
  comparisons: readonly Comparison[],
  now: Date,
): Promise<CheckReport> {
  if (comparisons.length === 0) return NOTHING;
  const remarks = new Map((await tx.recordChecks(comparisons, now)).map((remark) => [remark.userId, remark]));
  const findings: Finding[] = [];
  const recoveries: Recovery[] = [];
  for (const comparison of comparisons) {
    judge(comparison, remarks.get(comparison.credits.userId), rules, now, findings, recoveries);
  }
  if (findings.length > 0) await tx.raise(findings, now);
  if (recoveries.length > 0) await tx.recover(recoveries, now);
  const count = (result: Comparison["result"]) => comparisons.filter((each) => each.result === result).length;
  return {
    checked: comparisons.length,
    equal: count("equal"),
    lagging: count("lagging"),
    different: count("different"),
  };
}

function judge(
  comparison: Comparison,
  remark: CheckRemark | undefined,
  rules: JobRules,
  now: Date,
  findings: Finding[],
  recoveries: Recovery[],
): void {
  const { result, credits } = comparison;
  const over = (rule: string) => recoveries.push({ fingerprint: fingerprintOf(rule, credits.userId), at: now });
  if (result === "different") {
    if (rules.balanceDifference.enabled) findings.push(judgeDifference(comparison, now, rules.balanceDifference));
  } else if (remark !== undefined && result === "equal") {
    // Only after something else than "equal" can there be an alert to end. A view that lags is no proof of health.
    over(balanceDifference.name);
  }
  if (result === "lagging") {
    const since = remark?.laggingSince ?? now;
    const finding = rules.viewLag.enabled ? judgeLag(comparison, since, now, rules.viewLag) : null;
    if (finding !== null) findings.push(finding);
  } else if (remark !== undefined && remark.was === "lagging") over(viewLag.name);
}
