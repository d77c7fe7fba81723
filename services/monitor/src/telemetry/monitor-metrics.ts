import { counter, gauges, type Reading } from "@stipend/platform/telemetry/metrics";
import type { MonitorCounts } from "../usecases/counts.ts";
import type { GroupLag, PassState } from "../usecases/ports.ts";
import type { AlertCount } from "../usecases/summaries.ts";

const events = counter("monitor_events", "Events by topic: new, or repeated (counted before)");
const evaluations = counter("monitor_rule_evaluations", "Events, members, accounts or parts that a rule has judged");
const changes = counter("monitor_alert_changes", "Alerts raised and recovered, by rule");
const deliveries = counter("monitor_deliveries", "Attempts to deliver a notice, by channel and how they ended");
const checked = counter("monitor_accounts_checked", "Accounts compared over all services, by result");

/** What the monitor has done, as it is done. Every label comes from rules, topics or channels of the settings file. */
export const monitorCounts: MonitorCounts = {
  events(topic, fresh, repeated) {
    if (fresh > 0) events.add(fresh, { topic, outcome: "new" });
    if (repeated > 0) events.add(repeated, { topic, outcome: "repeated" });
  },
  evaluations(rules, count) {
    if (count > 0) for (const rule of rules) evaluations.add(count, { rule });
  },
  alertChanges(news) {
    for (const { alert, family, severity, kind } of news) {
      changes.add(1, { rule: String(alert["rule"]), family, severity, change: kind });
    }
  },
  delivery(channel, status) {
    deliveries.add(1, { channel, outcome: status === "waiting" ? "retry" : status });
  },
  checked(comparisons) {
    for (const result of ["equal", "lagging", "different"] as const) {
      const count = comparisons.filter((each) => each.result === result).length;
      if (count > 0) checked.add(count, { result });
    }
  },
};

export interface Known {
  readonly now: () => Date;
  readonly standing: () => { readonly alerts: readonly AlertCount[]; readonly pass: PassState } | null;
  readonly lags: () => readonly GroupLag[] | null;
}

/** Shows what is known now: null leaves it out, for an old figure would be taken for a fresh one. */
export function knownGauges({ now, standing, lags }: Known): () => void {
  const ends = [
    gauges("monitor_alerts_open", "Alerts that are not over", () => alertReadings(standing()?.alerts ?? [])),
    gauges("monitor_consistency_pass_age_seconds", "Since the last pass over all accounts ended", () => {
      const pass = standing()?.pass;
      const since = pass?.lastFinishedAt ?? pass?.startedAt;
      if (since === undefined || since === null) return [];
      return [{ value: Math.max(0, (now().getTime() - since.getTime()) / 1_000), attributes: {} }];
    }),
    gauges("consumer_lag_messages", "Messages of a topic that a consumer group has not committed yet", () =>
      (lags() ?? []).flatMap(({ group, topics }) =>
        topics.map(({ topic, messages }): Reading => ({ value: messages, attributes: { group, topic } })),
      ),
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function alertReadings(counts: readonly AlertCount[]): Reading[] {
  return counts.map(({ family, severity, status, alerts }) => ({
    value: alerts,
    attributes: { family, severity, status },
  }));
}
