import type {
  Alert as AlertBody,
  Consistency,
  ConsistencyCheckReport,
  DailyTotals,
  Overview,
} from "@stipend/proto/http/monitor";
import { type Links, traceLink } from "../settings/links.ts";
import type { Alert } from "../usecases/alerts.ts";
import type { PassState } from "../usecases/ports.ts";
import type { ConsistencySummary, DayEntry, DifferenceEntry, OverviewNumbers } from "../usecases/summaries.ts";

export function presentAlert(alert: Alert, links: Links): AlertBody {
  const { seq: _seq, ...rest } = alert;
  const { userId, evidence } = alert;
  return {
    ...rest,
    links: {
      account: userId === null ? null : `/api/admin/users/${encodeURIComponent(userId)}`,
      trace: traceLink(links, evidence["traceId"]),
    },
    firstSeenAt: alert.firstSeenAt.toISOString(),
    lastSeenAt: alert.lastSeenAt.toISOString(),
    evidence: { ...alert.evidence },
    raisedAt: alert.raisedAt.toISOString(),
    acknowledgedAt: iso(alert.acknowledgedAt),
    resolvedAt: iso(alert.resolvedAt),
    resolution: alert.resolution === "recovered" || alert.resolution === "manual" ? alert.resolution : null,
  };
}

export function presentConsistency(
  summary: ConsistencySummary,
  pass: PassState,
  differences: readonly DifferenceEntry[],
  now: Date,
): Consistency {
  const { equal, lagging, different } = summary;
  return {
    accountsChecked: equal + lagging + different,
    equal,
    lagging,
    different,
    oldestCheckAt: iso(summary.oldestCheckAt),
    laggingSince: iso(summary.laggingSince),
    pass: { startedAt: iso(pass.startedAt), checked: pass.checked },
    lastPass: { startedAt: iso(pass.lastStartedAt), finishedAt: iso(pass.lastFinishedAt), checked: pass.lastChecked },
    passes: pass.passes,
    differences: differences.map(presentDifference),
    asOf: now.toISOString(),
  };
}

export function presentDifference(entry: DifferenceEntry): ConsistencyCheckReport["differences"][number] {
  return {
    userId: entry.userId,
    checkedAt: entry.checkedAt.toISOString(),
    problems: [...entry.problems],
    credits: { ...entry.credits },
    view: entry.view === null ? null : { ...entry.view },
    repair: entry.repair === null ? null : (entry.repair as Consistency["differences"][number]["repair"]),
  };
}

export function presentOverview(numbers: OverviewNumbers, now: Date): Overview {
  const { alerts, members, consistency } = numbers;
  const open = alerts.filter((each) => each.status === "open");
  const active = members.filter((each) => each.status === "active");
  return {
    alerts: {
      open: sum(open),
      acknowledged: sum(alerts) - sum(open),
      bySeverity: tally(alerts.map((each) => [each.severity, each.alerts])),
      byFamily: tally(alerts.map((each) => [each.family, each.alerts])),
    },
    accounts: { ...numbers.accounts },
    members: {
      active: active.reduce((total, each) => total + each.members, 0),
      byTier: tally(active.map((each) => [each.tier ?? "none", each.members])),
      byStatus: tally(members.map((each) => [each.status, each.members])),
    },
    today: Object.fromEntries(numbers.today.map(({ kind, events, amount }) => [kind, { events, amount }])),
    topics: numbers.topics.map((each) => ({
      ...each,
      lastEventAt: each.lastEventAt.toISOString(),
      readAt: each.readAt.toISOString(),
    })),
    consistency: {
      accountsChecked: consistency.equal + consistency.lagging + consistency.different,
      lagging: consistency.lagging,
      different: consistency.different,
      oldestCheckAt: iso(consistency.oldestCheckAt),
    },
    asOf: now.toISOString(),
  };
}

/** One entry for each of these days, those on which nothing happened included. */
export function presentDays(days: readonly string[], entries: readonly DayEntry[], now: Date): DailyTotals {
  const byDay = Map.groupBy(entries, (entry) => entry.day);
  const kindsOf = (day: string) =>
    Object.fromEntries((byDay.get(day) ?? []).map(({ kind, events, amount }) => [kind, { events, amount }]));
  return { data: days.map((day) => ({ day, kinds: kindsOf(day) })), asOf: now.toISOString() };
}

function iso(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}

function sum(counts: readonly { readonly alerts: number }[]): number {
  return counts.reduce((total, each) => total + each.alerts, 0);
}

function tally(entries: readonly (readonly [string, number])[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const [key, count] of entries) totals[key] = (totals[key] ?? 0) + count;
  return totals;
}
