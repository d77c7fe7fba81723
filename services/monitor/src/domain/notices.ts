import { type Family, type Severity, severityRank } from "./alerts.ts";
import { wallClock } from "./calendar.ts";

export type ChangeKind = "raised" | "recovered";

/** A change of an alert, as it was written down with it. */
export interface AlertChange {
  readonly id: number;
  readonly alertId: string;
  readonly kind: ChangeKind;
  readonly severity: Severity;
  readonly family: Family;
  readonly at: Date;
  /** The alert as it was then, as the events carry it. */
  readonly alert: Readonly<Record<string, unknown>>;
}

export interface QuietHours {
  /** Minutes since midnight; from above to: over midnight. */
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly timeZone: string;
  /** As severe as this is told all the same. */
  readonly except: Severity;
}

export interface NoticeRoute {
  readonly families: readonly Family[];
  readonly minSeverity: Severity;
  readonly changes: readonly ChangeKind[];
  readonly channels: readonly string[];
  /** 0: each change by itself; else all of a stretch of so many minutes in one message. */
  readonly digestMinutes: number;
}

export interface NoticePlan {
  readonly routes: readonly NoticeRoute[];
  /** By channel; absent: it has none. */
  readonly quiet: ReadonlyMap<string, QuietHours>;
}

export interface PlannedDelivery {
  readonly changeId: number;
  readonly channel: string;
  /** Changes with the same key go out together. */
  readonly dedupeKey: string;
  readonly dueAt: Date;
}

/** Who is told of a change, and when: each channel at most once, by the first route that says so soonest. */
export function planDeliveries(change: AlertChange, plan: NoticePlan, now: Date): PlannedDelivery[] {
  const byChannel = new Map<string, PlannedDelivery>();
  for (const route of plan.routes) {
    if (!isFor(route, change)) continue;
    for (const channel of route.channels) {
      const planned = planOne(change, channel, route.digestMinutes, plan.quiet.get(channel), now);
      const before = byChannel.get(channel);
      if (before === undefined || planned.dueAt < before.dueAt) byChannel.set(channel, planned);
    }
  }
  return [...byChannel.values()];
}

function isFor(route: NoticeRoute, change: AlertChange): boolean {
  return (
    route.families.includes(change.family) &&
    route.changes.includes(change.kind) &&
    severityRank(change.severity) >= severityRank(route.minSeverity)
  );
}

function planOne(
  change: AlertChange,
  channel: string,
  digestMinutes: number,
  quiet: QuietHours | undefined,
  now: Date,
): PlannedDelivery {
  const digestAt = digestMinutes === 0 ? null : slotEnd(now, digestMinutes * 60_000);
  const at = digestAt ?? now;
  const loud = quiet === undefined || severityRank(change.severity) >= severityRank(quiet.except);
  const quietUntil = loud ? null : endOfQuiet(quiet, at);
  if (quietUntil !== null) {
    const dedupeKey = `quiet:${quietUntil.toISOString()}`;
    return { changeId: change.id, channel, dedupeKey, dueAt: closed(quietUntil) };
  }
  if (digestAt === null) return { changeId: change.id, channel, dedupeKey: `change:${change.id}`, dueAt: now };
  return { changeId: change.id, channel, dedupeKey: `digest:${digestAt.toISOString()}`, dueAt: closed(digestAt) };
}

/** What was decided just before the end may still be on its way to the database: nothing may join what is being sent. */
function closed(end: Date): Date {
  return new Date(end.getTime() + GATHER_GRACE_MS);
}

const GATHER_GRACE_MS = 10_000;

/** Strictly after `now`. */
function slotEnd(now: Date, lengthMs: number): Date {
  return new Date((Math.floor(now.getTime() / lengthMs) + 1) * lengthMs);
}

/** null: they are not now. To the minute; a change of the clocks in between may shift it by an hour. */
export function endOfQuiet({ fromMinute, toMinute, timeZone }: QuietHours, at: Date): Date | null {
  const { hour, minute } = wallClock(at, timeZone);
  const now = hour * 60 + minute;
  const overMidnight = fromMinute > toMinute;
  const within = overMidnight ? now >= fromMinute || now < toMinute : now >= fromMinute && now < toMinute;
  if (!within) return null;
  const minutesLeft = (toMinute - now + 1_440) % 1_440;
  return new Date(Math.floor(at.getTime() / 60_000) * 60_000 + minutesLeft * 60_000);
}

const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** About a day in all. */
export const MAX_ATTEMPTS = 30;

/** How long after a failed attempt the next one comes. */
export function pauseAfter(attempt: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 20));
}
