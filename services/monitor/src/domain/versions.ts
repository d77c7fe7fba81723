/** Inclusive on both ends. */
export type Range = readonly [from: number, to: number];

/** Which of an account's versions have been seen. Every ledger row raises the version by one and tells of it once. */
export interface SeenVersions {
  /** The highest seen; 0: none yet. */
  readonly version: number;
  /** Ranges below it that have not been seen, in order. */
  readonly missing: readonly Range[];
  /** Event time at which the oldest gap that is still open was noticed. */
  readonly gapSince: Date | null;
}

/** More holes than this in one account are one big problem, not many small ones: the newest are kept. */
const MAX_RANGES = 50;

/**
 * @param expectFirst whether the first version ever seen must be 1; otherwise whatever comes first is where counting
 * begins (a monitor that is installed later than the topics' retention).
 */
export function seeVersion(seen: SeenVersions, version: number, at: Date, expectFirst: boolean): SeenVersions {
  if (version > seen.version) {
    const skipped = version - seen.version - 1;
    if (skipped === 0 || (seen.version === 0 && !expectFirst)) return { ...seen, version };
    const missing = [...seen.missing, [seen.version + 1, version - 1] as const].slice(-MAX_RANGES);
    return { version, missing, gapSince: seen.gapSince ?? at };
  }
  const missing = seen.missing.flatMap((range) => without(range, version));
  return { ...seen, missing, gapSince: missing.length === 0 ? null : seen.gapSince };
}

function without([from, to]: Range, version: number): Range[] {
  if (version < from || version > to) return [[from, to]];
  const rest: Range[] = [
    [from, version - 1],
    [version + 1, to],
  ];
  return rest.filter(([first, last]) => first <= last);
}

/** How many versions are missing. */
export function missingCount(missing: readonly Range[]): number {
  return missing.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}
