import type { Finding, Recovery } from "../domain/alerts.ts";
import type { MemberFacts } from "../domain/member-facts.ts";
import type { RuleBook } from "../rules/all.ts";
import type { InspectStore, InspectTransaction } from "./ports.ts";

const LIMIT = 200;
/** Never in a loop: the earliest next look. */
const MIN_PAUSE_MS = 1_000;

/**
 * Looks at the members of whom something has changed or fallen due, with every rule that compares what was promised
 * with what was given. What is judged are facts by event time, so it does not matter when or how often somebody looks.
 *
 * @returns how many members were looked at; call again when it is a full page.
 */
export async function inspectMembers(
  store: InspectStore,
  book: RuleBook,
  { now, timeZone }: { readonly now: Date; readonly timeZone: string },
): Promise<{ readonly looked: number; readonly more: boolean }> {
  const due = await store.inspectionsDue(now, LIMIT);
  if (due.length === 0) return { looked: 0, more: false };
  await store.inspecting(async (tx) => {
    const members = await tx.dueMembers(due, now);
    const findings: Finding[] = [];
    const once: Finding[] = [];
    const well: Recovery[] = [];
    const plans: { userId: string; at: Date | null }[] = [];
    for (const facts of members) plans.push(inspectOne(book, facts, { now, timeZone }, { findings, once, well }));
    findings.push(...(await untold(tx, once)));
    if (findings.length > 0) await tx.raise(findings, now);
    if (well.length > 0) await tx.recover(well, now);
    if (plans.length > 0) await tx.planInspections(plans);
  });
  return { looked: due.length, more: due.length === LIMIT };
}

interface Results {
  readonly findings: Finding[];
  readonly once: Finding[];
  readonly well: Recovery[];
}

function inspectOne(
  book: RuleBook,
  facts: MemberFacts,
  context: { readonly now: Date; readonly timeZone: string },
  results: Results,
): { userId: string; at: Date | null } {
  let lookAt: Date | null = null;
  for (const rule of book.active) {
    if (!rule.inspects) continue;
    const inspection = rule.inspect(facts, context);
    for (const each of inspection.findings) {
      (each.once ? results.once : results.findings).push(rule.memberFinding(each, facts.userId));
    }
    for (const subject of inspection.well) results.well.push(rule.recovery(subject, context.now));
    const next = inspection.lookAt;
    if (next !== null && (lookAt === null || next < lookAt)) lookAt = next;
  }
  const soonest = new Date(context.now.getTime() + MIN_PAUSE_MS);
  return { userId: facts.userId, at: lookAt !== null && lookAt < soonest ? soonest : lookAt };
}

/** A thing of the past is told once, also when its alert has long been resolved. The accounts' locks keep it once. */
async function untold(tx: InspectTransaction, findings: readonly Finding[]): Promise<Finding[]> {
  if (findings.length === 0) return [];
  const told = await tx.told(findings.map(({ fingerprint }) => fingerprint));
  return findings.filter(({ fingerprint }) => !told.has(fingerprint));
}
