import type { Finding, Recovery } from "./alerts.ts";

/** One step of alerting: first everything in it is raised, then everything in it recovers. */
export interface Phase {
  readonly raise: readonly Finding[];
  readonly recover: readonly Recovery[];
}

export type Step =
  | { readonly kind: "raise"; readonly finding: Finding }
  | { readonly kind: "recover"; readonly recovery: Recovery };

/**
 * Sorts what a batch of events leads to into as few phases as keep the outcome the same as if each event had come
 * alone: so the cut into batches, and with it a restart in the middle, changes no alert.
 *
 * Findings of one fingerprint in one phase are added up, unless the earlier one would have been over before the later
 * one happened.
 */
export function phasesOf(steps: readonly Step[]): Phase[] {
  const phases: Phase[] = [];
  let raise = new Map<string, Finding>();
  let recover = new Map<string, Recovery>();
  const close = () => {
    if (raise.size > 0 || recover.size > 0) phases.push({ raise: [...raise.values()], recover: [...recover.values()] });
    raise = new Map();
    recover = new Map();
  };
  for (const step of steps) {
    if (step.kind === "recover") {
      recover.set(step.recovery.fingerprint, step.recovery);
      continue;
    }
    const { finding } = step;
    const earlier = raise.get(finding.fingerprint);
    if (recover.has(finding.fingerprint) || (earlier !== undefined && isOver(earlier, finding))) close();
    const same = raise.get(finding.fingerprint);
    raise.set(finding.fingerprint, same === undefined ? finding : merge(same, finding));
  }
  close();
  return phases;
}

function isOver(earlier: Finding, later: Finding): boolean {
  return (
    earlier.recoverAfterMs !== null && earlier.lastAt.getTime() + earlier.recoverAfterMs <= later.firstAt.getTime()
  );
}

const RANK = { info: 1, warning: 2, critical: 3 } as const;

function merge(a: Finding, b: Finding): Finding {
  const newer = b.countMode === "peak" ? b.count >= a.count : b.lastAt >= a.lastAt;
  return {
    ...(newer ? b : a),
    tellAgain: a.tellAgain === true || b.tellAgain === true,
    severity: RANK[b.severity] > RANK[a.severity] ? b.severity : a.severity,
    firstAt: new Date(Math.min(a.firstAt.getTime(), b.firstAt.getTime())),
    lastAt: new Date(Math.max(a.lastAt.getTime(), b.lastAt.getTime())),
    count: b.countMode === "peak" ? Math.max(a.count, b.count) : a.count + b.count,
  };
}
