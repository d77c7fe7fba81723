import { describe, expect, test } from "vitest";
import { ApiProblem, Cancelled, NoAnswer, type ProblemCode, UnexpectedAnswer } from "../src/errors.ts";
import { DEFAULT_RETRIES, pauseBeforeRetry } from "../src/retries.ts";

function refusal(status: number, code: ProblemCode, retryAfterSeconds?: number): ApiProblem {
  const problem = { type: `urn:stipend:problem:${code}`, title: "", status, code, detail: "", action: "" };
  return new ApiProblem(problem, { key: undefined, retryAfterSeconds });
}

describe("the pause before another attempt", () => {
  test("doubles, is spread, and has an end", () => {
    const after = (failed: number, random: number) =>
      pauseBeforeRetry(new NoAnswer("x"), failed, { ...DEFAULT_RETRIES, attempts: 100 }, random, 0);
    expect([1, 2, 3, 10].map((failed) => after(failed, 1))).toEqual([200, 400, 800, 5_000]);
    expect([1, 2].map((failed) => after(failed, 0))).toEqual([100, 200]);
  });

  test("is at least what the API asks for", () => {
    expect(pauseBeforeRetry(refusal(503, "overloaded", 2), 1, DEFAULT_RETRIES, 0.5, 0)).toBe(2_000);
    expect(pauseBeforeRetry(refusal(503, "overloaded", 6), 1, DEFAULT_RETRIES, 0.5, 0)).toBeUndefined();
  });

  test("comes only for what passes by itself", () => {
    const again = (error: Parameters<typeof pauseBeforeRetry>[0]) =>
      pauseBeforeRetry(error, 1, DEFAULT_RETRIES, 1, 0) !== undefined;
    expect(again(refusal(503, "outcome_unknown"))).toBe(true);
    expect(again(refusal(409, "request_in_progress", 1))).toBe(true);
    expect(again(refusal(429, "rate_limited", 1))).toBe(true);
    expect(again(refusal(504, "upstream_timeout"))).toBe(true);
    expect(again(new UnexpectedAnswer("", { status: 502, key: undefined }))).toBe(true);
    expect(again(new UnexpectedAnswer("", { status: 429, key: undefined }))).toBe(true);
    expect(again(new UnexpectedAnswer("", { status: 404, key: undefined }))).toBe(false);
    expect(again(refusal(502, "feature_failed"))).toBe(false);
    expect(again(refusal(500, "internal_error"))).toBe(false);
    expect(again(refusal(402, "insufficient_credits"))).toBe(false);
    expect(again(refusal(409, "hold_ended"))).toBe(false);
    expect(again(new Cancelled("x"))).toBe(false);
  });

  test("is kept as long as the API asks where there is a time for the whole, and never goes beyond that", () => {
    const patient = { ...DEFAULT_RETRIES, attempts: Number.POSITIVE_INFINITY, forMs: 60_000 };
    const after = (spentMs: number, retryAfter?: number) =>
      pauseBeforeRetry(refusal(429, "rate_limited", retryAfter), 50, patient, 1, spentMs);
    expect(after(0, 30)).toBe(30_000);
    expect(after(0, 61)).toBeUndefined();
    expect(after(31_000, 30)).toBeUndefined();
    expect(after(54_000)).toBe(5_000);
    expect(after(56_000)).toBeUndefined();
  });

  test("comes no more often than attempts are allowed", () => {
    expect(pauseBeforeRetry(new NoAnswer("x"), 2, DEFAULT_RETRIES, 1, 0)).toBeDefined();
    expect(pauseBeforeRetry(new NoAnswer("x"), 3, DEFAULT_RETRIES, 1, 0)).toBeUndefined();
  });
});
