/** The bounds of one caller, at a gateway whose bounds are low enough to meet. */
import { StipendClient } from "@stipend/client";
import { type AnotherGateway, startAnotherGateway } from "@stipend/testing/another-gateway";
import { eventually } from "@stipend/testing/eventually";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { Client, expectBody } from "../support/client.ts";
import { giveCredits } from "../support/people.ts";
import { running } from "../support/running.ts";
import { Problem } from "../support/shapes.ts";
import { StreamReader } from "../support/stream-reader.ts";

/** Enough for streams that a gateway ends once and that come again. */
const PER_USER = 20;
const STREAMS = 2;
const { people, token } = running();
let strict: AnotherGateway;

beforeAll(async () => {
  strict = await startAnotherGateway(inject("running").parts, "gateway-strict", (spec) => ({
    ...spec,
    env: {
      ...spec.env,
      STIPEND_LIMIT_PER_USER: String(PER_USER),
      STIPEND_LIMIT_WINDOW_SECONDS: "600",
      STIPEND_EVENTS_PER_USER: String(STREAMS),
    },
  }));
});
afterAll(() => strict.stop());

async function newcomer(name: string) {
  const person = await people.newcomer(name);
  return { ...person, strict: new Client(strict.baseUrl, await token(person.name, ["user"])) };
}

describe("RateLimit headers", () => {
  test("stand in every answer, and count down over all instances", async () => {
    const person = await newcomer("rita");
    const first = await person.strict.get("/api/credits");
    expect(first.headers.get("ratelimit-policy")).toContain(`"user";q=${PER_USER};w=600`);
    expect(first.headers.get("ratelimit")).toMatch(new RegExp(`"user";r=${PER_USER - 1};t=\\d+`));
    // The other instance has a larger quota, and the same count.
    expect((await person.client.get("/api/membership")).headers.get("ratelimit")).toMatch(/"user";r=\d{4,};t=\d+/);
    const third = await person.strict.post("/api/credits/consume", { nonsense: true });
    expect(third.status).toBe(400);
    expect(third.headers.get("ratelimit")).toMatch(new RegExp(`"user";r=${PER_USER - 3};t=\\d+`));
  });

  test("beyond the quota: 429 with Retry-After, whatever is asked for, and nobody else is kept out", async () => {
    const person = await newcomer("rick");
    for (let n = 0; n < PER_USER; n += 1) expect((await person.strict.get("/api/credits")).status).toBe(200);
    // Limits come before roles.
    for (const path of ["/api/credits", "/api/admin/users"]) {
      const refused = await person.strict.get(path);
      expect(expectBody(refused, Problem, 429).code).toBe("rate_limited");
      const seconds = Number(refused.headers.get("retry-after"));
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(600);
      expect(refused.headers.get("ratelimit")).toMatch(/"user";r=0;t=\d+/);
    }
    expect((await (await newcomer("rosa")).strict.get("/api/credits")).status).toBe(200);
  });
});

test("a user may have only so many streams open; one that is closed makes room", async () => {
  const person = await newcomer("stan");
  const listen = () => {
    const client = new StipendClient({ baseUrl: strict.baseUrl, token: () => token(person.name, ["user"]) });
    const reader = new StreamReader((signal) => client.events({ signal }));
    onTestFinished(() => reader.stop());
    return reader;
  };
  const open = Array.from({ length: STREAMS }, listen);
  for (const reader of open) await eventually(() => expect(reader.events).toHaveLength(2));
  // A gateway that has just begun to hear ends its streams once; whoever has this change was let in again since.
  await giveCredits(await people.admin(), person, 5);
  for (const reader of open) await eventually(() => expect(reader.events).toHaveLength(3), { timeoutMs: 20_000 });
  const refused = await person.strict.get("/api/events");
  expect(expectBody(refused, Problem, 429).code).toBe("too_many_streams");
  expect(refused.headers.get("retry-after")).toBe("5");
  await open[0]?.stop();
  const again = listen();
  await eventually(() => expect(again.events).toHaveLength(2), { timeoutMs: 20_000 });
});
