/** What Prometheus really gets from every service, held against docs/operating.md. */
import { readFile } from "node:fs/promises";
import { eventually } from "@stipend/testing/eventually";
import { describe, expect, test } from "vitest";
import { metricsInDocument } from "../check/metrics.ts";
import { giveCredits, newKey } from "../support/people.ts";
import { running } from "../support/running.ts";

const DOCUMENT = "docs/operating.md";
const { people, metricsUrls, topicPrefix } = running();

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE = /^(\w+)(?:\{(.*)\})? (\S+)/;

async function scrape(): Promise<Sample[]> {
  const texts = await Promise.all(metricsUrls.map(async (url) => (await fetch(url)).text()));
  return texts.flatMap((text) =>
    text.split("\n").flatMap((line) => {
      const [, name, labels = "", value] = SAMPLE.exec(line) ?? [];
      if (name === undefined) return [];
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = "", text = ""]) => [key, text]);
      return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }];
    }),
  );
}

function sumOf(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  return samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

/** Users that have left traces in every service. */
const names: string[] = [];

const PATIENCE = { timeoutMs: 30_000 };

describe("metrics", () => {
  test("say what became of operations, how long they waited, how far consumers are and what the monitor does", async () => {
    const before = await scrape();
    const rise = (now: readonly Sample[], name: string, labels: Record<string, string>) =>
      sumOf(now, name, labels) - sumOf(before, name, labels);
    const admin = await people.admin();
    const spender = await people.newcomer("metric");
    names.push(spender.name);
    await giveCredits(admin, spender, 10);
    const key = newKey();
    const consume = (amount: number, by: string) =>
      spender.client.post("/api/credits/consume", { amount, reason: "x" }, { key: by });
    expect((await consume(4, key)).status).toBe(200);
    expect((await consume(4, key)).status).toBe(200);
    expect((await consume(1_000, newKey())).status).toBe(402);
    // The rolling pass may rest just now.
    const check = await admin.post("/api/admin/consistency/check", { userId: spender.name });
    expect(check.status).toBe(200);

    await eventually(async () => {
      const now = await scrape();
      const outcomes = ["ok", "replayed", "insufficient_credits"].map((outcome) =>
        rise(now, "stipend_credits_operations_total", { operation: "consume", outcome }),
      );
      for (const count of outcomes) expect(count).toBeGreaterThanOrEqual(1);
      expect(rise(now, "stipend_credits_lane_wait_seconds_count", { kind: "consume" })).toBeGreaterThanOrEqual(3);
      const topic = `${topicPrefix}.credits.v1`;
      expect(rise(now, "stipend_monitor_events_total", { topic, outcome: "new" })).toBeGreaterThanOrEqual(2);
      expect(rise(now, "stipend_monitor_rule_evaluations_total", { rule: "large_change" })).toBeGreaterThanOrEqual(2);
      expect(sumOf(now, "stipend_monitor_accounts_checked_total")).toBeGreaterThan(0);
      const lags = now.filter(({ name }) => name === "stipend_consumer_lag_messages");
      expect(lags.map(({ labels }) => labels["topic"])).toContain(topic);
      const ages = now.filter(({ name }) => name === "stipend_monitor_consistency_pass_age_seconds");
      expect(ages).toHaveLength(1);
    }, PATIENCE);
  });

  test("a large change is an alert raised, and open until it is resolved", async () => {
    const admin = await people.admin();
    const rich = await people.newcomer("rich");
    const raised = { rule: "large_change", change: "raised" };
    names.push(rich.name);
    const before = sumOf(await scrape(), "stipend_monitor_alert_changes_total", raised);
    await giveCredits(admin, rich, 20_000);
    await eventually(async () => {
      const now = await scrape();
      expect(sumOf(now, "stipend_monitor_alert_changes_total", raised)).toBe(before + 1);
      expect(sumOf(now, "stipend_monitor_alerts_open", { family: "transactions" })).toBeGreaterThan(0);
    }, PATIENCE);
  });

  test("are documented, name by name and label by label, and none names a user", async () => {
    const document = metricsInDocument(DOCUMENT, await readFile(DOCUMENT, "utf8"));
    const samples = (await scrape()).filter(({ name }) => name.startsWith("stipend_"));
    expect(samples.length).toBeGreaterThan(500);
    expect(names).toHaveLength(2);
    const strange = new Set<string>();
    for (const { name, labels } of samples) {
      const metric = document.find((each) =>
        each.kind === "histogram" ? name.replace(/_(?:bucket|sum|count)$/, "") === each.name : name === each.name,
      );
      if (metric === undefined) strange.add(name);
      for (const label of Object.keys(labels)) {
        if (label !== "le" && metric?.labels.includes(label) !== true) strange.add(`${name} ${label}`);
      }
      for (const value of Object.values(labels)) {
        if (names.some((user) => value.includes(user))) strange.add(`${name} ${value}`);
      }
    }
    expect([...strange]).toEqual([]);
  });
});
