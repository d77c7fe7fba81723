import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { SettingsError, toSettings } from "../src/settings/settings.ts";

const AROUND = { file: "monitor.yaml", secrets: {}, timeZone: "UTC" };

const mistakesOf = (content: unknown): readonly string[] => {
  try {
    toSettings(content, AROUND);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes;
    throw error;
  }
};

describe("monitor.yaml", () => {
  it("as delivered has no mistake and says the defaults", () => {
    const text = readFileSync(new URL("../../../deploy/monitor.yaml", import.meta.url), "utf8");
    const delivered = toSettings(parse(text), AROUND);
    expect(JSON.stringify(delivered)).toBe(JSON.stringify(toSettings(null, AROUND)));
  });

  it("has the thresholds of the design when it says nothing", () => {
    const { active } = toSettings(null, AROUND).rules;
    expect(active.find((rule) => rule.name === "frequent_refunds")?.limit).toEqual({
      windowMs: 600_000,
      minEvents: 10,
      minAmount: 0,
    });
  });

  it("lists every mistake by its path", () => {
    const content = {
      rule: {},
      rules: {
        large_change: { credits: 0, colour: "red" },
        frequent_refunds: { events: "10", types: ["refund", 1], enabled: "yes" },
        no_such_rule: {},
        event_gap: [],
      },
      consistency: { pageSize: 501 },
    };
    expect(mistakesOf(content).map((mistake) => mistake.split(" ")[0])).toEqual([
      "rule",
      "rules.large_change.colour",
      "rules.large_change.credits",
      "rules.frequent_refunds.enabled",
      "rules.frequent_refunds.events",
      "rules.frequent_refunds.types",
      "rules.event_gap",
      "rules.no_such_rule",
      "consistency.pageSize",
    ]);
  });

  it.each([[[]], ["text"], [3]])("refuses %j as a whole", (content) => {
    expect(mistakesOf(content)).toHaveLength(1);
  });

  it("leaves out a rule that is switched off", () => {
    const { active } = toSettings({ rules: { large_change: { enabled: false } } }, AROUND).rules;
    expect(active.map((rule) => rule.name)).not.toContain("large_change");
  });
});
