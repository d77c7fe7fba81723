import { DevClock } from "@stipend/platform/clock/clock";
import { beforeAll, describe, expect, test } from "vitest";
import { advance, parseIsoDuration } from "../src/clock/advance.ts";
import { ClockMover } from "../src/clock/clock-mover.ts";
import { clockRoutes } from "../src/clock/clock-routes.ts";
import { openDoor } from "./support/door.ts";
import { createIssuer, type Issuer } from "./support/issuer.ts";

const move = (from: string, step: Parameters<typeof advance>[1]) => advance(new Date(from), step).toISOString();

test.each([
  ["2026-01-31T12:00:00.000Z", { months: 1 }, "2026-02-28T12:00:00.000Z"],
  ["2028-01-31T12:00:00.000Z", { months: 1 }, "2028-02-29T12:00:00.000Z"],
  ["2028-02-29T00:00:00.000Z", { years: 1 }, "2029-02-28T00:00:00.000Z"],
  ["2026-12-15T00:00:00.000Z", { months: 1, days: 20 }, "2027-02-04T00:00:00.000Z"],
  ["2026-03-31T00:00:00.000Z", { months: -1 }, "2026-02-28T00:00:00.000Z"],
  ["2026-01-01T00:00:00.000Z", { weeks: 1, days: 1, hours: 1, minutes: 1, seconds: 1 }, "2026-01-09T01:01:01.000Z"],
])("%s and %j is %s", (from, step, to) => {
  expect(move(from, step)).toBe(to);
});

test("ISO durations", () => {
  expect(parseIsoDuration("P1M")).toMatchObject({ months: 1 });
  expect(parseIsoDuration("P1Y2M3W4DT5H6M7S")).toEqual({
    years: 1,
    months: 2,
    weeks: 3,
    days: 4,
    hours: 5,
    minutes: 6,
    seconds: 7,
  });
  expect(() => parseIsoDuration("1 hour")).toThrow(RangeError);
});

describe("PUT /api/dev/clock", () => {
  let issuer: Issuer;
  beforeAll(async () => {
    issuer = await createIssuer("ES256");
  });

  async function setUp(failing: readonly string[] = []) {
    const clock = new DevClock();
    const moved: Record<string, unknown> = {};
    const stored: Record<string, string> = {};
    const service = (name: string) => ({
      name,
      client: {
        call: async ({ body }: { body?: unknown }) => {
          if (failing.includes(name)) throw new Error("away");
          moved[name] = body;
          return { status: 200, headers: {}, body: {} };
        },
      },
    });
    const store = async (key: string, value: string) => {
      stored[key] = value;
    };
    const mover = new ClockMover({ clock, store, key: "dev-clock", services: ["credits", "membership"].map(service) });
    const { url } = await openDoor(issuer, clockRoutes(clock, mover));
    const put = async (body: unknown, roles = ["admin"]) => {
      const headers = {
        authorization: `Bearer ${await issuer.token({ roles })}`,
        "content-type": "application/json",
      };
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const answer = await fetch(`${url}/api/dev/clock`, { method: "PUT", headers, body: text });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    return { clock, moved, stored, put };
  }

  const near = (iso: unknown, expected: number) =>
    expect(Math.abs(Date.parse(String(iso)) - expected)).toBeLessThan(5_000);

  test("moves every service before it answers, and keeps the offset for those that start later", async () => {
    const { put, moved, stored, clock } = await setUp();
    const { status, body } = await put({ now: "2030-02-01T00:00:00Z" });
    expect(status).toBe(200);
    near(body["now"], Date.parse("2030-02-01T00:00:00Z"));
    expect(moved).toEqual({ credits: { offsetMs: body["offsetMs"] }, membership: { offsetMs: body["offsetMs"] } });
    expect(stored).toEqual({ "dev-clock": String(body["offsetMs"]) });
    expect(clock.offsetMs).toBe(body["offsetMs"]);
  });

  test("advances from where it is, by object or ISO, and returns to the real time", async () => {
    const { put } = await setUp();
    await put({ now: "2030-01-31T00:00:00Z" });
    near((await put({ advance: { months: 1 } })).body["now"], Date.parse("2030-02-28T00:00:00Z"));
    near((await put({ advance: "PT1H" })).body["now"], Date.parse("2030-02-28T01:00:00Z"));
    expect((await put({ real: true })).body["offsetMs"]).toBe(0);
  });

  test.each([
    ["nothing", {}],
    ["two ways at once", { real: true, now: "2030-01-01T00:00:00Z" }],
    ["no time", { now: "soon" }],
    ["an unknown unit", { advance: { fortnights: 1 } }],
    ["half a day", { advance: { days: 0.5 } }],
    ["no duration", { advance: "1h" }],
    ["real: false", { real: false }],
    ["an unknown field", { real: true, force: true }],
    ["a time beyond all", { now: "9999-01-01T00:00:00Z" }],
    ["a list", []],
  ])("refuses %s", async (_name, body) => {
    const { put, clock } = await setUp();
    expect(await put(body)).toMatchObject({ status: 400, body: { code: "validation_failed" } });
    expect(clock.offsetMs).toBe(0);
  });

  test("refuses what is no JSON, and who is no admin", async () => {
    const { put } = await setUp();
    expect(await put("{")).toMatchObject({ status: 400, body: { code: "malformed_json" } });
    expect(await put({ real: true }, ["user", "support"])).toMatchObject({
      status: 403,
      body: { code: "role_required" },
    });
  });

  test("says which services did not move; the same call again is right", async () => {
    const failing = ["membership"];
    const { put, clock } = await setUp(failing);
    const refused = await put({ now: "2030-01-01T00:00:00Z" });
    expect(refused).toMatchObject({ status: 503, body: { code: "clock_not_everywhere", services: ["membership"] } });
    expect(clock.offsetMs).toBe(0);
    failing.pop();
    expect((await put({ now: "2030-01-01T00:00:00Z" })).status).toBe(200);
  });
});
