/**
 * Random requests made from the OpenAPI document of the running system, fitting and broken ones mixed. Whatever is asked:
 * no 5xx, no word of our inside, no answer that the document does not know, no process that dies, and books that are right.
 *
 * STIPEND_RANDOM_REQUESTS=10000 and STIPEND_RANDOM_SEED=… are the settings; the seed stands in the output.
 */
import { pathsOf } from "@stipend/local/paths";
import { readPid } from "@stipend/local/process/pidfile";
import { createHold } from "@stipend/proto/http/credits/holds";
import fc from "fast-check";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { checkBooks } from "../support/books.ts";
import { type Client, expectBody } from "../support/client.ts";
import { readApi } from "../support/fuzz/document.ts";
import { play } from "../support/fuzz/play.ts";
import { type CallerName, randomRequests } from "../support/fuzz/requests.ts";
import { tame } from "../support/fuzz/tame.ts";
import type { Known } from "../support/fuzz/values.ts";
import { accountOf, giveCredits, newKey, type Person } from "../support/people.ts";
import { running } from "../support/running.ts";

const { baseUrl, home, mysqlAdminUrl, topicPrefix } = inject("running");
const { people, token } = running();
const COUNT = Number(process.env.STIPEND_RANDOM_REQUESTS ?? 1_000);
const SEED = Number(process.env.STIPEND_RANDOM_SEED ?? Date.now() % 1_000_000_000);
const LANES = 16;
const PARTS = ["gateway", "credits", "membership", "admin-audit", "monitor", "rewrite"];

let users: readonly Person[];
let tokens: Record<CallerName, string | undefined>;
/** Holds the requests may end: one that ends the hold of a metered call which runs would make that call fail, rightly. */
let holds: readonly string[];

beforeAll(async () => {
  users = await Promise.all(["rita", "rolf", "ruth"].map((name) => people.newcomer(name)));
  const admin = await people.admin();
  for (const user of users) await giveCredits(admin, user, 100_000);
  const service = await people.service();
  holds = await Promise.all(
    Array.from({ length: 20 }, () => users)
      .flat()
      .map((user) => hold(service, user)),
  );
  const [rita = "", rolf = ""] = users.map(({ name }) => name);
  tokens = {
    user: await token(rita, ["user"]),
    support: await token("random-support", ["support"]),
    admin: await token("random-admin", ["admin"]),
    auditor: await token("random-auditor", ["auditor"]),
    service: await token("random-service", ["service"]),
    everyone: await token(rolf, ["user", "support", "admin", "auditor", "service"]),
    nobody: undefined,
    forger: "no.jwt.atall",
  };
});

async function hold(service: Client, user: Person): Promise<string> {
  const body = { userId: user.name, amount: 5, ttlSeconds: 3_600, reason: "for random requests" };
  return expectBody(
    await service.post("/api/credits/holds", body, { key: newKey() }),
    createHold.responses[201].schema,
    201,
  ).holdId;
}

/** Things that exist, so that requests get past the first look. Ids are counted from 1. */
function known(): Known {
  const ids = Array.from({ length: 300 }, (_, index) => String(index + 1));
  const own = ["random-1", "random-2", "random-3"];
  return {
    userId: users.map(({ name }) => name),
    holdId: holds,
    transactionId: ids,
    tier: ["lite", "pro", "premium"],
    code: ["starter-50", "pack-100", "pack-500", "lite", "pro"],
    "tiers.set code": own,
    "credits.adminPutPackage code": own,
  };
}

const processes = () => PARTS.map((name) => [name, readPid(pathsOf(home).run, name)?.pid]);

describe("random requests", () => {
  test(`${COUNT} of them break nothing`, { timeout: 60_000 + COUNT * 100 }, async () => {
    console.log(`random requests: STIPEND_RANDOM_SEED=${SEED} STIPEND_RANDOM_REQUESTS=${COUNT}`);
    const before = processes();
    const document: unknown = await (await fetch(`${baseUrl}/api/openapi.json`)).json();
    const api = tame(readApi(document));
    expect(api.operations.length).toBeGreaterThan(50);
    const requests = fc.sample(randomRequests(api, known()), { seed: SEED, numRuns: COUNT });

    const { flaws, outcomes } = await play(requests, { baseUrl, tokens, lanes: LANES });

    expect(flaws.slice(0, 5), `${flaws.length} flaws with STIPEND_RANDOM_SEED=${SEED}`).toEqual([]);
    // Requests that were all refused at the door would prove nothing.
    const count = (status: number): number =>
      [...outcomes].filter(([outcome]) => outcome.startsWith(`${status}`)).reduce((sum, [, many]) => sum + many, 0);
    for (const status of [200, 400, 403, 404, 409]) expect(count(status), `answers with ${status}`).toBeGreaterThan(0);
    expect(count(200)).toBeGreaterThan(COUNT / 5);
    expect(processes()).toEqual(before);
  });

  test("leave the books of every account right", async () => {
    expect((await checkBooks(mysqlAdminUrl, topicPrefix)).differences).toEqual([]);
    for (const user of users) expect((await accountOf(user)).userId).toBe(user.name);
  });
});
