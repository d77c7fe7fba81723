import { afterEach, describe, expect, test } from "vitest";
import { addImport } from "../src/commands/import.ts";
import { EXIT } from "../src/failure.ts";
import { type Asked, answering, type Reply, run, type Spoken, shellWith, tempFile } from "./support.ts";

// What the command makes of the system's answers. That the system gives the right ones is shown by tests/e2e/import.

const TIER = {
  tier: "pro",
  displayName: "Pro",
  monthlyCredits: 250,
  rank: 20,
  anchor: "calendar",
  firstPeriod: "full",
  rolloverCap: 0,
  onExpiry: "keep",
  features: [],
  offered: true,
  version: 1,
};
interface Batch {
  readonly dryRun: boolean;
  readonly items: readonly { readonly userId: string }[];
}

let cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanUp) await clean();
  cleanUp = [];
});

/** A system where each item of a batch is answered by `answer`. */
async function importing(
  csv: string,
  answer: (path: string, userId: string, dryRun: boolean) => object,
  ...flags: string[]
) {
  const reply = ({ url, body }: Asked): Reply => {
    if (url === "/api/admin/tiers") return { status: 200, body: { data: [TIER] } };
    const { items, dryRun } = body as Batch;
    return {
      status: 200,
      body: { results: items.map(({ userId }) => ({ key: "k", ...answer(url, userId, dryRun) })) },
    };
  };
  const server = await answering(reply);
  const file = tempFile("users.csv", csv);
  cleanUp.push(server.stop, async () => file.remove());
  const shell: Spoken = shellWith({ STIPEND_URL: server.url, STIPEND_TOKEN: "t" });
  await run(shell, addImport, "import", file.path, ...flags);
  const calls = server.asked
    .filter(({ method }) => method === "POST")
    .map(({ url, body }) => ({ url, ...(body as Batch) }));
  return { shell, calls };
}

const OPENINGS = "/api/admin/credits/openings";
const USERS = "/api/admin/users/batch";
const done = () => ({ status: 200, replayed: false, changed: true });
const CSV = "user_id,tier,balance\na,pro,5\nb,,7\nc,pro,\n";

describe("an import", () => {
  test("asks first, then books credits and after them memberships", async () => {
    const { shell, calls } = await importing(CSV, done);
    expect(calls.map(({ url, dryRun, items }) => [url, dryRun, items.map(({ userId }) => userId).join("")])).toEqual([
      [OPENINGS, true, "ab"],
      [USERS, true, "abc"],
      [OPENINGS, false, "ab"],
      [USERS, false, "abc"],
    ]);
    expect(shell.printed.at(-1)).toBe("imported      3 users now (3 memberships, 12 credits), 0 before");
    expect(shell.ended).toEqual([]);
  });

  test("goes in batches of the size asked for, each credits first", async () => {
    const { calls } = await importing(CSV, done, "--batch", "1");
    expect(calls.filter(({ dryRun }) => !dryRun)).toHaveLength(5);
    expect(calls.every(({ items }) => items.length === 1)).toBe(true);
  });

  test("writes nothing when the system sees a problem, and says which line it is", async () => {
    const refuse = (path: string, userId: string) =>
      path === USERS && userId === "c" ? { status: 409, code: "membership_exists", detail: "since 2025" } : done();
    const { shell, calls } = await importing(CSV, refuse);
    expect(calls.filter(({ dryRun }) => !dryRun)).toEqual([]);
    expect(shell.printed[0]).toBe("line 4 (c): membership_exists: since 2025");
    expect(shell.ended).toEqual([EXIT.findings]);
  });

  test("leaves the lines with problems out when it may, and still ends with 1", async () => {
    const refuse = (path: string, userId: string) =>
      path === USERS && userId === "a" ? { status: 409, code: "membership_exists" } : done();
    const { shell, calls } = await importing(`${CSV}x y,,\n`, refuse, "--skip-problems");
    const written = calls.filter(({ dryRun }) => !dryRun);
    expect(written.map(({ url, items }) => [url, items.map(({ userId }) => userId).join("")])).toEqual([
      [OPENINGS, "b"],
      [USERS, "bc"],
    ]);
    expect(shell.printed.filter((line) => line.startsWith("line "))).toHaveLength(2);
    expect(shell.ended).toEqual([EXIT.findings]);
  });

  test("gives no membership to whom it could not give the credits", async () => {
    const refuse = (path: string, userId: string, dryRun: boolean) =>
      path === OPENINGS && userId === "a" && !dryRun ? { status: 422, code: "idempotency_key_reused" } : done();
    const { shell, calls } = await importing(CSV, refuse);
    expect(calls.at(-1)).toMatchObject({ url: USERS, items: [{ userId: "b" }, { userId: "c" }] });
    expect(shell.printed[0]).toMatch(/^line 2 \(a\): idempotency_key_reused: was imported before with other values/);
    expect(shell.printed.at(-1)).toMatch(/^imported {6}2 users now/);
  });

  test("tells those that were imported before from the others", async () => {
    const { shell } = await importing(CSV, (_path, userId) => ({ ...done(), replayed: userId !== "c" }));
    expect(shell.printed.at(-1)).toBe("imported      1 user now (1 membership, 0 credits), 2 before");
  });

  test("a dry run writes nothing and reports as JSON when asked", async () => {
    const { shell, calls } = await importing(CSV, done, "--dry-run", "--json");
    expect(calls.every(({ dryRun }) => dryRun)).toBe(true);
    expect(JSON.parse(shell.printed.join("\n"))).toMatchObject({
      dryRun: true,
      lines: 3,
      users: 3,
      members: { pro: 2 },
      balances: 12,
      monthsDue: 1,
      judged: { users: 3, before: 0 },
      imported: null,
      problems: [],
    });
  });

  test.each([
    ["no file", ["import"]],
    ["a bad name", ["import", "x.csv", "--name", "a b"]],
    ["a bad batch", ["import", "x.csv", "--batch", "501"]],
    ["an option nobody knows", ["import", "x.csv", "--force"]],
  ])("is refused with %s", async (_what, args) => {
    await expect(run(shellWith(), addImport, ...args)).rejects.toThrow();
  });

  test.each([
    ["a time zone that is none", ["--timezone", "Berlin"]],
    ["a file that is not there", []],
  ])("is a mistake of the caller with %s", async (_what, flags) => {
    const { url, stop } = await answering(() => ({ status: 200, body: { data: [TIER] } }));
    cleanUp.push(stop);
    const shell = shellWith({ STIPEND_URL: url, STIPEND_TOKEN: "t" });
    await expect(run(shell, addImport, "import", "/nowhere.csv", ...flags)).rejects.toMatchObject({ exit: EXIT.usage });
  });

  test("an address that is no gateway's is told so", async () => {
    const { url, stop } = await answering(() => ({ status: 404, body: {} }));
    cleanUp.push(stop);
    const file = tempFile("users.csv", CSV);
    cleanUp.push(async () => file.remove());
    const shell = shellWith({ STIPEND_URL: url, STIPEND_TOKEN: "t" });
    await expect(run(shell, addImport, "import", file.path)).rejects.toMatchObject({ exit: EXIT.unreachable });
  });
});
