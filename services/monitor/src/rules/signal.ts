import type { Evidence, Severity } from "../domain/alerts.ts";
import type { MemberFacts } from "../domain/member-facts.ts";

/** What a rule makes of one event. */
export type Signal =
  | FindingSignal
  /** To be counted in the rule's window of this subject, exactly by event time: for what happens seldom. */
  | { readonly kind: "observation"; readonly subject: string; readonly amount: number }
  | TallySignal
  | ValueSignal
  | ExpectSignal
  /** What was expected under this key has come, now or later. */
  | { readonly kind: "met"; readonly key: string }
  /** What was wrong with this subject is so no longer. */
  | { readonly kind: "recovery"; readonly subject: string };

/** Something is wrong. */
export interface FindingSignal {
  readonly kind: "finding";
  readonly subject: string;
  readonly userId: string | null;
  readonly severity: Severity;
  readonly evidence: Evidence;
  /** Told again although the alert is open and no more severe than before. */
  readonly tellAgain?: true;
}

/** To be added to the rule's sums by steps of time: for what happens all the time. */
export interface TallySignal {
  readonly kind: "tally";
  readonly subject: string;
  /** Who of the subject's members; "" when it has none. */
  readonly member: string;
  readonly amount: number;
  /** 1: one of those whose share counts. */
  readonly marked: 0 | 1;
  /** Given: hold this against the steps of before (RuleSpec.weigh). */
  readonly weigh?: { readonly size: number; readonly userId: string; readonly evidence: Evidence };
}

/** Something seen of a subject, which may be new of it. */
export interface ValueSignal {
  readonly kind: "value";
  readonly subject: string;
  readonly facet: "ip" | "device";
  readonly value: string;
  readonly evidence: Evidence;
}

/** Another event has to explain this one. */
export interface ExpectSignal {
  readonly kind: "expect";
  /** `<user id>/<ledger row>`: at most 190 characters. */
  readonly key: string;
  readonly userId: string;
  readonly evidence: Evidence;
}

/** What a rule may know beside the event. */
export interface EventContext {
  readonly timeZone: string;
  /** The account's balance by its version before this one; null: that version was not seen. */
  readonly balanceBefore: number | null;
}

/** A sliding window of event time, (t − windowMs, t]. */
export interface WindowLimit {
  readonly windowMs: number;
  readonly minEvents: number;
  readonly minAmount: number;
}

/** Sums by steps of `stepMs`; a window is `widthMs` of whole steps. */
export interface TallyLimit {
  readonly stepMs: number;
  /** 0: no windows, only history. */
  readonly widthMs: number;
  readonly minEvents: number;
  readonly minAmount: number;
  readonly minMembers: number;
  /** Events that make a member count. */
  readonly minEach: number;
  /** Given: only a step that is so long over is judged, because more events could make it harmless. null: at once. */
  readonly settleMs: number | null;
  /** How long a step matters. */
  readonly keepMs: number;
}

/** When what is marked of a subject is no news, because it happens to many others in the same step. */
export interface Crowd {
  /** Of what all others do together. */
  readonly percent: number;
  /** Others of whom something is marked. */
  readonly accounts: number;
}

/** The subject of the second tally that such a rule makes of each event: all who have one in a step, as members. */
export function crowdOf(at: Date, stepMs: number): string {
  // No account's name begins so.
  return `*/${Math.floor(at.getTime() / stepMs) * (stepMs / 1_000)}`;
}

/** The windows of one subject that reached the limit. */
export interface Peak {
  readonly subject: string;
  /** Ends of the first and the last of them. */
  readonly firstAt: Date;
  readonly lastAt: Date;
  /** Of the fullest. */
  readonly events: number;
  readonly amount: number;
}

/** Likewise of tallies. */
export interface TallyPeak extends Peak {
  readonly members: number;
  /** Some of them, those with the most events first; empty for rules without members. */
  readonly who: readonly string[];
  readonly marked: number;
}

export interface Verdict {
  readonly userId: string | null;
  readonly severity: Severity;
  readonly evidence: Evidence;
}

/** Something that is wrong with a member, or was. */
export interface MemberFinding {
  readonly subject: string;
  readonly severity: Severity;
  readonly at: Date;
  readonly evidence: Evidence;
  /** true: a thing of the past, told once for ever, whatever becomes of the alert. false: as long as it lasts. */
  readonly once: boolean;
}

export interface Inspection {
  readonly findings: readonly MemberFinding[];
  /** Subjects that are well again. */
  readonly well: readonly string[];
  /** When looking again may tell something else, if nothing comes before; null: never. */
  readonly lookAt: Date | null;
}

export interface InspectContext {
  readonly now: Date;
  readonly timeZone: string;
}

export type Inspect<S> = (facts: MemberFacts, context: InspectContext, settings: S) => Inspection;
