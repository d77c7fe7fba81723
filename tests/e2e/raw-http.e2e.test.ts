/** The public door before clients that speak no HTTP, or too much of it, or stop in the middle. */
import { pathsOf } from "@stipend/local/paths";
import { readPid } from "@stipend/local/process/pidfile";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { accountOf, giveCredits, newKey, type Person } from "../support/people.ts";
import { answersIn, type RawAnswer, type RawOptions, sendRaw } from "../support/raw.ts";
import { running } from "../support/running.ts";
import { Problem } from "../support/shapes.ts";

const { baseUrl, home } = inject("running");
const { people, token } = running();
const HOST = `Host: ${new URL(baseUrl).host}\r\n`;
const GATEWAY = readPid(pathsOf(home).run, "gateway")?.pid;
const close = "Connection: close";
const SPEND = JSON.stringify({ amount: 1, reason: "raw" });

let user: Person;
let bearer: string;

beforeAll(async () => {
  user = await people.newcomer("raul");
  bearer = `Authorization: Bearer ${await token(user.name, ["user"])}\r\n`;
  await giveCredits(await people.admin(), user, 100);
});

afterAll(() => {
  expect(readPid(pathsOf(home).run, "gateway")?.pid, "the gateway's process").toBe(GATEWAY);
});

async function send(chunks: readonly (string | Buffer)[], options?: RawOptions): Promise<readonly RawAnswer[]> {
  return answersIn(await sendRaw(baseUrl, chunks, options));
}

/** Headers of a consume; the key is new each time. */
function consume(...more: readonly string[]): string {
  const lines = ["Content-Type: application/json", `Idempotency-Key: ${newKey()}`, ...more];
  return `POST /api/credits/consume HTTP/1.1\r\n${HOST}${bearer}${lines.map((line) => `${line}\r\n`).join("")}\r\n`;
}

function expectRefusal(answer: RawAnswer | undefined, ...statuses: readonly number[]): void {
  expect(statuses).toContain(answer?.status);
  expect(answer?.head).toMatch(/content-type: application\/problem\+json/i);
  expect(Problem.omit({ requestId: true }).safeParse(JSON.parse(answer?.body ?? "")).success).toBe(true);
  expect(answer?.body).not.toMatch(/\bat \S+ \(|node:internal|\.[jt]s:\d/);
}

const balance = async () => (await accountOf(user)).balance;

describe("what is no HTTP", () => {
  test.each<[string, string | Buffer]>([
    ["words", "hello there\r\n\r\n"],
    ["zeros", Buffer.alloc(64)],
    ["a TLS greeting", Buffer.from("16030100c8010000c40303", "hex")],
    ["HTTP/9.9", `GET /api/credits HTTP/9.9\r\n${HOST}\r\n`],
    ["an unknown method", `BREW /api/credits HTTP/1.1\r\n${HOST}\r\n`],
    ["no Host", `GET /api/credits HTTP/1.1\r\n${close}\r\n\r\n`],
    ["two Hosts", `GET /api/credits HTTP/1.1\r\n${HOST}Host: evil.example\r\n${close}\r\n\r\n`],
    ["a header without a colon", `GET /api/credits HTTP/1.1\r\n${HOST}what is this\r\n\r\n`],
    ["a blank before the colon", `GET /api/credits HTTP/1.1\r\n${HOST}Accept : a\r\n\r\n`],
    ["NUL in a header", `GET /api/credits HTTP/1.1\r\n${HOST}Accept: a\0b\r\n\r\n`],
    ["a lone CR", `GET /api/credits HTTP/1.1\r\n${HOST}Accept: a\rX: b\r\n\r\n`],
    ["two lengths", `POST /api/credits/consume HTTP/1.1\r\n${HOST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
    [
      "a length and chunks",
      `POST /api/credits/consume HTTP/1.1\r\n${HOST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ["a length that is none", `POST /api/credits/consume HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`],
    [
      "an unknown transfer coding",
      `POST /api/credits/consume HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked, x\r\n\r\n`,
    ],
  ])("%s: refused, and nothing told", async (_, bytes) => {
    const answers = await send([bytes]);
    expect(answers).toHaveLength(1);
    expectRefusal(answers[0], 400, 401);
  });

  test("a path of another place, a tunnel, an asterisk: no way through", async () => {
    for (const line of [
      "GET http://evil.example/api/credits",
      "GET //evil.example/api/credits",
      "OPTIONS *",
      "GET /api/credits/../../internal/check",
    ]) {
      const [answer] = await send([`${line} HTTP/1.1\r\n${HOST}${bearer}${close}\r\n\r\n`]);
      expectRefusal(answer, 400, 404, 405);
    }
    const [tunnel] = await send([`CONNECT evil.example:443 HTTP/1.1\r\n${HOST}\r\n`]);
    expect(tunnel?.status ?? 400).toBeGreaterThanOrEqual(400);
  });
});

describe("headers", () => {
  test.each([
    ["one of 20 kB", `X-Large: ${"x".repeat(20_000)}\r\n`],
    ["3,000 small ones", Array.from({ length: 3_000 }, (_, index) => `X-${index}: y\r\n`).join("")],
    ["a target of 20 kB", ""],
  ])("%s: 431", async (name, headers) => {
    const target = name.startsWith("a target") ? `/api/credits?userId=${"x".repeat(20_000)}` : "/api/credits";
    const [answer] = await send([`GET ${target} HTTP/1.1\r\n${HOST}${headers}\r\n`]);
    expectRefusal(answer, 431);
  });

  test("a token of 15 kB: 401", async () => {
    const [answer] = await send([
      `GET /api/credits HTTP/1.1\r\n${HOST}Authorization: Bearer ${"x".repeat(15_000)}\r\n${close}\r\n\r\n`,
    ]);
    expectRefusal(answer, 401);
  });
});

describe("bodies", () => {
  test("cut in the middle, by length and by chunks, spend nothing", async () => {
    const before = await balance();
    for (let part = 1; part < SPEND.length; part += 5) {
      await send([consume(`Content-Length: ${SPEND.length}`), SPEND.slice(0, part)], { cut: true });
      const size = SPEND.length.toString(16);
      await send([consume("Transfer-Encoding: chunked"), `${size}\r\n${SPEND.slice(0, part)}`], { cut: true });
    }
    expect(await balance()).toBe(before);
  });

  test("with broken chunks: refused", async () => {
    for (const chunks of ["zz\r\n", "5\r\nabc\r\n0\r\n\r\n", `${"f".repeat(20)}\r\nabc\r\n`]) {
      const answers = await send([consume("Transfer-Encoding: chunked", close), chunks]);
      for (const answer of answers) expectRefusal(answer, 400);
    }
  });

  test("byte by byte, and after 100-continue, are read as any other", async () => {
    const before = await balance();
    const slowly = await send([consume(`Content-Length: ${SPEND.length}`, close), ...SPEND]);
    expect(slowly.map(({ status }) => status)).toEqual([200]);
    const asked = await send([consume(`Content-Length: ${SPEND.length}`, "Expect: 100-continue", close), SPEND]);
    expect(asked.map(({ status }) => status)).toEqual([200]);
    expect(await balance()).toBe(before - 2);
  });

  test("announced as larger than allowed are not waited for", async () => {
    const [answer] = await send([consume("Content-Length: 9999999")]);
    expectRefusal(answer, 413);
  });
});

describe("several requests in one packet", () => {
  test("are answered in their order, each once", async () => {
    const before = await balance();
    const one = (...more: readonly string[]) => consume(`Content-Length: ${SPEND.length}`, ...more) + SPEND;
    const answers = await send([one() + one() + one(close)]);
    const left = answers.map(({ status, body }) => [
      status,
      (JSON.parse(body) as { balanceAfter: number }).balanceAfter,
    ]);
    expect(left).toEqual([1, 2, 3].map((spent) => [200, before - spent]));
  });

  test("a bad one spoils none before it, and what follows its body is read as a request", async () => {
    const before = await balance();
    const bad = `${consume("Content-Length: 9")}{"amount"`;
    const good = consume(`Content-Length: ${SPEND.length}`, close) + SPEND;
    const answers = await send([bad + good]);
    expect(answers.map(({ status }) => status)).toEqual([400, 200]);
    expect(await balance()).toBe(before - 1);
  });

  test("garbage behind a good one does not undo it", async () => {
    const before = await balance();
    await send([`${consume(`Content-Length: ${SPEND.length}`)}${SPEND}\0\0garbage\r\n\r\n`]);
    expect(before - (await balance())).toBeLessThanOrEqual(1);
    expect((await user.client.get("/api/credits")).status).toBe(200);
  });
});

describe("many who do not finish", () => {
  test("300 half requests keep nobody out", async () => {
    const half = `POST /api/credits/consume HTTP/1.1\r\n${HOST}${bearer}Content-Length: 100\r\n`;
    const waiting = Array.from({ length: 300 }, () => sendRaw(baseUrl, [half], { ms: 2_000 }));
    const answers = await Promise.all(Array.from({ length: 20 }, () => user.client.get("/api/credits")));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    await Promise.all(waiting);
  });
});
