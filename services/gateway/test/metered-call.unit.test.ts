import { request as httpRequest, type IncomingMessage, type RequestListener } from "node:http";
import { connect } from "node:net";
import { eventually } from "@stipend/testing/eventually";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Feature } from "../src/features/feature.ts";
import { createIssuer, type Issuer } from "./support/issuer.ts";
import { type MeteredDoor, openMeteredDoor } from "./support/metered.ts";
import { freePort, readAll } from "./support/servers.ts";

let issuer: Issuer;
let token: string;
beforeAll(async () => {
  issuer = await createIssuer("ES256");
  token = await issuer.token();
});

const setUp = (upstream: RequestListener | string, feature: Partial<Feature> = {}, balance = 3): Promise<MeteredDoor> =>
  openMeteredDoor(issuer, upstream, { feature, balance });

async function call({ url }: MeteredDoor, headers: Record<string, string> = {}, body = '{"text":"a"}') {
  const answer = await fetch(`${url}/api/rewrite/short?x=1`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    body,
  });
  const text = await answer.text();
  const parse = () => JSON.parse(text) as Record<string, unknown>;
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    json: answer.headers.get("content-type")?.includes("json") ? parse() : {},
  };
}

const good: RequestListener = (_req, res) => void res.writeHead(200, { "content-type": "text/plain" }).end("better");

describe("a served call", () => {
  test("is charged once: hold, capture; the answer says what it cost and what is left", async () => {
    let seen: IncomingMessage | undefined;
    let body = "";
    const setup = await setUp(async (req, res) => {
      seen = req;
      body = await readAll(req);
      res.writeHead(201, { "content-type": "text/plain", "x-model": "m1" }).end("better");
    });
    const answer = await call(setup, { "stipend-actor": "root", cookie: "a=b", "x-client": "kept" });
    expect([answer.status, answer.text]).toEqual([201, "better"]);
    expect(answer.headers.get("stipend-credits-charged")).toBe("1");
    expect(answer.headers.get("stipend-credits-remaining")).toBe("2");
    expect(answer.headers.get("x-model")).toBe("m1");
    expect(setup.credits.state).toMatchObject({ balance: 2, rows: ["hold 1", "capture 1"] });
    expect([seen?.url, body]).toEqual(["/v1/short?x=1", '{"text":"a"}']);
    expect(seen?.headers).toMatchObject({
      "stipend-actor": "alice",
      "stipend-feature": "rewrite",
      "stipend-max-cost": "1",
      "x-client": "kept",
    });
    expect(seen?.headers.cookie).toBeUndefined();
    expect(seen?.headers.authorization).not.toContain(token);
  });

  test("costs what its upstream says, up to what was held; 0 is free", async () => {
    let cost = "2";
    const setup = await setUp(
      (_req, res) => void res.writeHead(200, { "stipend-cost": cost }).end("x"),
      { cost: { kind: "reported", upTo: 3, otherwise: undefined } },
      10,
    );
    expect((await call(setup)).headers.get("stipend-credits-charged")).toBe("2");
    cost = "99";
    expect((await call(setup)).headers.get("stipend-credits-charged")).toBe("3");
    cost = "0";
    expect((await call(setup)).headers.get("stipend-credits-charged")).toBe("0");
    expect(setup.credits.state.balance).toBe(5);
    cost = "none";
    expect((await call(setup)).status).toBe(502);
    expect(setup.credits.state.balance).toBe(5);
  });
});

test("a body that can't be has no length", async () => {
  const setup = await setUp((_req, res) => void res.writeHead(204).end());
  const answer = await call(setup);
  expect([answer.status, answer.headers.get("content-length")]).toEqual([204, null]);
  expect(setup.credits.state.rows).toEqual(["hold 1", "capture 1"]);
});

describe("a call that is not served costs nothing", () => {
  const failures: [string, RequestListener, number, string][] = [
    ["the upstream answers 500", (_req, res) => void res.writeHead(500).end("secret stack"), 502, "feature_failed"],
    [
      "the upstream answers a redirect",
      (_req, res) => void res.writeHead(302, { location: "/" }).end(),
      502,
      "feature_failed",
    ],
    ["the upstream dies before it answers", (req) => void req.socket.destroy(), 502, "feature_failed"],
    [
      "the answer breaks off",
      (_req, res) => {
        res.writeHead(200, { "content-length": "1000" });
        res.write("half", () => res.destroy());
      },
      502,
      "feature_failed",
    ],
    ["the answer is too large", (_req, res) => void res.writeHead(200).end("x".repeat(10_001)), 502, "feature_failed"],
    ["the upstream hangs", () => undefined, 504, "feature_timed_out"],
    [
      "the answer hangs in the middle",
      (_req, res) => {
        res.writeHead(200);
        res.write("half");
      },
      504,
      "feature_timed_out",
    ],
  ];
  test.each(failures)("%s", async (_name, upstream, status, code) => {
    const setup = await setUp(upstream, { timeoutMs: 300 });
    const answer = await call(setup);
    expect([answer.status, answer.json["code"]]).toEqual([status, code]);
    expect(answer.text).not.toContain("secret");
    expect(answer.json["detail"]).toContain("the credits were given back");
    expect(answer.headers.get("stipend-credits-charged")).toBe("0");
    expect(answer.headers.get("stipend-credits-remaining")).toBe("3");
    expect(setup.credits.state).toMatchObject({ balance: 3, rows: ["hold 1", "release 1"] });
  });

  test("the upstream is not there", async () => {
    const setup = await setUp(`http://127.0.0.1:${await freePort()}`);
    expect((await call(setup)).json).toMatchObject({ code: "feature_failed", creditsCharged: 0 });
    expect(setup.credits.state.rows).toEqual(["hold 1", "release 1"]);
  });

  test("a 4xx of the upstream is the client's to read", async () => {
    const setup = await setUp(
      (_req, res) => void res.writeHead(422, { "content-type": "application/json" }).end('{"why":"too long"}'),
    );
    const answer = await call(setup);
    expect([answer.status, answer.json]).toEqual([422, { why: "too long" }]);
    expect(answer.headers.get("stipend-credits-charged")).toBe("0");
    expect(setup.credits.state).toMatchObject({ balance: 3, rows: ["hold 1", "release 1"] });
  });

  test("too few credits: 402 as credits says it, and the upstream is never called", async () => {
    let called = false;
    const setup = await setUp(
      (_req, res) => {
        called = true;
        res.end();
      },
      {},
      0,
    );
    const answer = await call(setup);
    expect([answer.status, answer.json]).toEqual([
      402,
      { code: "insufficient_credits", shortfall: 1, options: [{ action: "top_up" }] },
    ]);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(called).toBe(false);
  });

  test("a body beyond the limit: 413, announced or not", async () => {
    const setup = await setUp(async (req, res) => {
      await readAll(req);
      res.end("x");
    });
    const announced = await call(setup, {}, "x".repeat(1_001));
    expect([announced.status, announced.json["code"]]).toEqual([413, "body_too_large"]);
    expect(setup.credits.state.rows).toEqual([]);
    const body = new ReadableStream({
      start(controller) {
        for (let n = 0; n < 11; n++) controller.enqueue(Buffer.alloc(100));
        controller.close();
      },
    });
    const chunked = await fetch(`${setup.url}/api/rewrite/short`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body,
      duplex: "half",
    } as RequestInit);
    expect(chunked.status).toBe(413);
    await eventually(() => expect(setup.credits.state.rows).toEqual(["hold 1", "release 1"]));
  });
});

test("a large body goes to the upstream as fast as that takes it, and is not kept", async () => {
  const CHUNK = 1_048_576;
  const CHUNKS = 64;
  const goOn = Promise.withResolvers<void>();
  let received = 0;
  const setup = await setUp(
    async (req, res) => {
      for await (const chunk of req as AsyncIterable<Buffer>) {
        received += chunk.length;
        await goOn.promise;
      }
      res.end(String(received));
    },
    { requestLimit: CHUNK * CHUNKS, timeoutMs: 60_000 },
  );
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (sent++ === CHUNKS) controller.close();
      else controller.enqueue(Buffer.alloc(CHUNK));
    },
  });
  const running = fetch(`${setup.url}/api/rewrite/short`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body,
    duplex: "half",
  } as RequestInit);
  // The upstream has the beginning and takes no more: what was sent since fills the sockets, and stops there.
  await eventually(() => expect(received).toBeGreaterThan(0));
  let seen = -1;
  await eventually(
    () => {
      const before = seen;
      seen = sent;
      expect(seen).toBe(before);
    },
    { everyMs: 150 },
  );
  expect(sent).toBeLessThan(CHUNKS / 2);
  goOn.resolve();
  const answer = await running;
  expect([answer.status, await answer.text()]).toEqual([200, String(CHUNK * CHUNKS)]);
});

describe("with an Idempotency-Key", () => {
  const key = { "idempotency-key": "my-call" };

  test("a call that was served is served and charged once", async () => {
    let calls = 0;
    const setup = await setUp((_req, res) => {
      calls += 1;
      res.end("x");
    });
    expect((await call(setup, key)).status).toBe(200);
    const again = await call(setup, key);
    expect([again.status, again.json["code"]]).toEqual([409, "already_served"]);
    expect([calls, setup.credits.state.balance]).toEqual([1, 2]);
    expect((await call(setup, { "idempotency-key": "another" })).status).toBe(200);
  });

  test("a call that failed may be tried again, as often as it takes", async () => {
    let calls = 0;
    const setup = await setUp((_req, res) => {
      calls += 1;
      res.writeHead(calls < 4 ? 500 : 200).end("x");
    });
    for (let n = 0; n < 3; n++) expect((await call(setup, key)).status).toBe(502);
    expect((await call(setup, key)).status).toBe(200);
    expect((await call(setup, key)).status).toBe(409);
    expect(setup.credits.state.balance).toBe(2);
  });

  test("ten copies at once are served once", async () => {
    // The one that is served is under way until the others have been answered.
    const othersAnswered = Promise.withResolvers<void>();
    const setup = await setUp((_req, res) => void othersAnswered.promise.then(() => res.end("x")));
    let refused = 0;
    const copy = async () => {
      const answer = await call(setup, key);
      if (answer.status !== 200) refused += 1;
      if (refused === 9) othersAnswered.resolve();
      return answer;
    };
    const answers = await Promise.all(Array.from({ length: 10 }, copy));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, json } of answers)
      if (status !== 200) expect([status, json["code"]]).toEqual([409, "request_in_progress"]);
    expect(setup.credits.state.balance).toBe(2);
  });

  test("that can't be used is refused before anything happens", async () => {
    const setup = await setUp(good);
    const answer = await call(setup, { "idempotency-key": "x".repeat(300) });
    expect([answer.status, answer.json["code"]]).toEqual([400, "idempotency_key_invalid"]);
    expect(setup.credits.state.rows).toEqual([]);
  });
});

describe("credits in trouble", () => {
  test("credits says that its database is away: its own 503 within 2 s, the upstream is not called", async () => {
    let called = false;
    const setup = await setUp((_req, res) => {
      called = true;
      res.end();
    });
    setup.credits.fault(/holds$/, "503", 100);
    const started = performance.now();
    const answer = await call(setup);
    expect([answer.status, answer.json["code"], called]).toEqual([503, "database_unavailable", false]);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test("credits is gone: 503 upstream_unavailable", async () => {
    const setup = await setUp(good);
    setup.credits.fault(/holds$/, "refused", 100);
    const answer = await call(setup);
    expect([answer.status, answer.json["code"]]).toEqual([503, "upstream_unavailable"]);
  });

  test("the hold's answer is lost: the same hold is asked for again and used", async () => {
    const setup = await setUp(good);
    setup.credits.fault(/holds$/, "lost");
    expect((await call(setup)).status).toBe(200);
    expect(setup.credits.state).toMatchObject({ balance: 2, rows: ["hold 1", "capture 1"] });
  });

  test.each(["lost", "503", "refused"] as const)("the capture is %s: it is repeated and made once", async (what) => {
    const setup = await setUp(good);
    setup.credits.fault(/capture$/, what, 2);
    const answer = await call(setup);
    expect([answer.status, answer.text]).toEqual([200, "better"]);
    expect(setup.credits.state).toMatchObject({ balance: 2, rows: ["hold 1", "capture 1"] });
  });

  test("the capture never comes back, but the release tells that it stands: the answer is delivered", async () => {
    const setup = await setUp(good);
    setup.credits.fault(/capture$/, "lost", 100);
    const answer = await call(setup);
    expect([answer.status, answer.text]).toEqual([200, "better"]);
    expect(setup.credits.state).toMatchObject({ balance: 2, rows: ["hold 1", "capture 1"] });
  }, 15_000);

  test("the capture can't be made: the answer is withheld, the hold given back", async () => {
    const setup = await setUp(good);
    setup.credits.fault(/capture$/, "503", 100);
    const answer = await call(setup);
    expect([answer.status, answer.json["code"]]).toEqual([503, "charge_failed"]);
    expect(answer.text).not.toContain("better");
    expect(setup.credits.state).toMatchObject({ balance: 3, rows: ["hold 1", "release 1"] });
  }, 15_000);

  test("the hold lapsed while the upstream worked: the answer is withheld, nothing charged", async () => {
    const setup = await setUp((_req, res) => {
      for (const hold of setup.credits.state.holds.values()) hold.status = "expired";
      res.end("better");
    });
    const answer = await call(setup);
    expect([answer.status, answer.json["code"]]).toEqual([503, "charge_failed"]);
    expect(setup.credits.state.balance).toBe(3);
  });

  test("capture made, then credits gone: what was never delivered is refunded when it is back", async () => {
    const setup = await setUp(good);
    const back = [setup.credits.fault(/capture$/, "lost", 1_000), setup.credits.fault(/release$/, "refused", 1_000)];
    const answer = await call(setup);
    expect([answer.status, answer.json["code"]]).toEqual([503, "charge_failed"]);
    expect(setup.credits.state.rows).toEqual(["hold 1", "capture 1"]);
    for (const end of back) end();
    await eventually(() => expect(setup.credits.state.refunds).toEqual(["91"]));
  }, 25_000);

  test("the release gets no answer: the client is told soon, and it is made behind the scenes", async () => {
    const setup = await setUp((_req, res) => void res.writeHead(500).end());
    setup.credits.fault(/release$/, "hang", 1);
    const started = performance.now();
    const answer = await call(setup);
    expect(performance.now() - started).toBeLessThan(3_500);
    expect(answer.json["detail"]).toContain("come back by themselves");
    await eventually(() => expect(setup.credits.state.rows).toEqual(["hold 1", "release 1"]));
  }, 15_000);
});

describe("a client that goes away", () => {
  /** Sends a call and breaks off once `when` has come. */
  async function breakOff(setup: MeteredDoor, when: () => boolean): Promise<void> {
    const req = httpRequest(`${setup.url}/api/rewrite/short`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    });
    req.on("error", () => undefined);
    req.end("{}");
    await eventually(() => expect(when()).toBe(true));
    req.destroy();
  }

  test("policy release: the upstream's call ends, the credits come back", async () => {
    let reached = false;
    let ended = false;
    const setup = await setUp((req) => {
      reached = true;
      req.socket.once("close", () => {
        ended = true;
      });
    });
    await breakOff(setup, () => reached);
    await eventually(() => expect(setup.credits.state.rows).toEqual(["hold 1", "release 1"]));
    await eventually(() => expect(ended).toBe(true));
  });

  test("policy release: gone while the credits are taken, it is given them back", async () => {
    const setup = await setUp(good);
    setup.credits.fault(/capture$/, "hang");
    await breakOff(setup, () => setup.credits.state.calls.some((line) => line.endsWith("/capture")));
    await eventually(() => expect(setup.credits.state.refunds).toEqual(["91"]), { timeoutMs: 10_000 });
    expect(setup.credits.state.rows).toEqual(["hold 1", "capture 1"]);
  }, 15_000);

  test("policy charge: the call goes on to its end and is paid", async () => {
    let finish: (() => void) | undefined;
    const setup = await setUp(
      (_req, res) => {
        finish = () => res.end("better");
      },
      { onDisconnect: "charge" },
    );
    await breakOff(setup, () => finish !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    finish?.();
    await eventually(() => expect(setup.credits.state).toMatchObject({ balance: 2, rows: ["hold 1", "capture 1"] }));
  });
});

describe("a streamed answer", () => {
  const streamed = { answer: "streamed", onDisconnect: "charge" } as const;

  test("comes as it is made; its end waits for the capture; trailers say what it cost", async () => {
    let next: ((text: string | null) => void) | undefined;
    const setup = await setUp((_req, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      next = (text) => (text === null ? res.end() : res.write(text));
      res.write("one\n");
    }, streamed);
    const { chunks, done } = await open(setup);
    await eventually(() => expect(chunks.join("")).toBe("one\n"));
    expect(setup.credits.state.rows).toEqual(["hold 1"]);
    next?.("two\n");
    await eventually(() => expect(chunks.join("")).toBe("one\ntwo\n"));
    next?.(null);
    const res = await done;
    expect(res.complete).toBe(true);
    expect(res.headers["stipend-credits-held"]).toBe("1");
    expect(res.trailers).toEqual({ "stipend-credits-charged": "1", "stipend-credits-remaining": "2" });
    expect(setup.credits.state.rows).toEqual(["hold 1", "capture 1"]);
  });

  describe("whose cost is told after it", () => {
    const reported = { ...streamed, cost: { kind: "reported", upTo: 3, otherwise: undefined } } as const;
    const telling = (trailers: Record<string, string>, seen: (req: IncomingMessage) => void = () => undefined) =>
      ((req, res) => {
        seen(req);
        res.writeHead(200, { trailer: "Stipend-Cost" });
        res.write("one ");
        res.addTrailers(trailers);
        res.end("two");
      }) satisfies RequestListener;

    test("costs what the trailer says, up to what was held", async () => {
      const te: unknown[] = [];
      for (const [said, charged, left] of [
        ["2", "2", "1"],
        ["99", "3", "0"],
      ] as const) {
        const setup = await setUp(
          telling({ "stipend-cost": said }, (req) => te.push(req.headers.te)),
          reported,
        );
        const { chunks, done } = await open(setup);
        expect((await done).trailers).toEqual({
          "stipend-credits-charged": charged,
          "stipend-credits-remaining": left,
        });
        expect(chunks.join("")).toBe("one two");
        expect(setup.credits.state.rows).toEqual(["hold 3", `capture ${charged}`]);
      }
      expect(te).toEqual(["trailers", "trailers"]);
    });

    test("and is nothing is free", async () => {
      const setup = await setUp(telling({ "stipend-cost": "0" }), reported);
      const { done } = await open(setup);
      expect((await done).trailers).toEqual({ "stipend-credits-charged": "0", "stipend-credits-remaining": "3" });
      expect(setup.credits.state.rows).toEqual(["hold 3", "release 3"]);
    });

    test("costs what the file says when nothing is told, and without that never ends well", async () => {
      const otherwise = await setUp(telling({}), { ...reported, cost: { ...reported.cost, otherwise: 1 } });
      await (await open(otherwise)).done;
      expect(otherwise.credits.state.rows).toEqual(["hold 3", "capture 1"]);
      for (const trailers of [{}, { "stipend-cost": "two" }]) {
        const setup = await setUp(telling(trailers), reported);
        await expect((await open(setup)).done).rejects.toThrow();
        await eventually(() => expect(setup.credits.state.rows).toEqual(["hold 3", "release 3"]));
      }
    });
  });

  test("that is free by its head is streamed all the same", async () => {
    let finish: (() => void) | undefined;
    const free = { ...streamed, cost: { kind: "reported", upTo: 3, otherwise: undefined }, answerLimit: 3 } as const;
    const setup = await setUp((_req, res) => {
      res.writeHead(200, { "stipend-cost": "0" });
      res.write("from the cache");
      finish = () => res.end();
    }, free);
    const { chunks, done } = await open(setup);
    await eventually(() => expect(chunks.join("")).toBe("from the cache"));
    finish?.();
    expect((await done).trailers["stipend-credits-charged"]).toBe("0");
    expect(setup.credits.state).toMatchObject({ balance: 3, rows: ["hold 3", "release 3"] });
  });

  test("cut by the upstream is cut for the client and given back", async () => {
    const setup = await setUp((_req, res) => {
      res.writeHead(200);
      res.write("half", () => setTimeout(() => res.destroy(), 20));
    }, streamed);
    const { done } = await open(setup);
    await expect(done).rejects.toThrow();
    await eventually(() => expect(setup.credits.state).toMatchObject({ balance: 3, rows: ["hold 1", "release 1"] }));
  });

  test("that can't be charged never ends well", async () => {
    const setup = await setUp((_req, res) => void res.writeHead(200).end("all of it"), streamed);
    setup.credits.fault(/capture$/, "503", 100);
    const { done } = await open(setup);
    await expect(done).rejects.toThrow();
    await eventually(() => expect(setup.credits.state).toMatchObject({ balance: 3, rows: ["hold 1", "release 1"] }));
  }, 15_000);

  test("read to its last but one byte and then left is charged all the same", async () => {
    let finish: (() => void) | undefined;
    const setup = await setUp((_req, res) => {
      res.writeHead(200);
      res.write("nearly all");
      finish = () => res.end(".");
    }, streamed);
    const { chunks, req, done } = await open(setup);
    done.catch(() => undefined);
    await eventually(() => expect(chunks.join("")).toBe("nearly all"));
    req.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    finish?.();
    await eventually(() => expect(setup.credits.state).toMatchObject({ balance: 2, rows: ["hold 1", "capture 1"] }));
  });

  test("that nobody reads ends with the call's time: connections are cut, the credits come back", async () => {
    let upstreamEnded = false;
    const setup = await setUp(
      (_req, res) => {
        res.once("close", () => {
          upstreamEnded = true;
        });
        res.writeHead(200);
        const more = () => {
          while (!res.destroyed && res.write(Buffer.alloc(65_536)));
        };
        res.on("drain", more);
        more();
      },
      { ...streamed, timeoutMs: 700 },
    );
    const { hostname, port } = new URL(setup.url);
    // A socket that is never read: the kernel's buffers fill up, and nothing closes.
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => undefined);
    socket.pause();
    socket.write(
      `POST /api/rewrite/short HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-length: 2\r\n\r\n{}`,
    );
    await eventually(() => expect(setup.credits.state.rows).toEqual(["hold 1"]));
    await eventually(() => expect(setup.credits.state).toMatchObject({ balance: 3, rows: ["hold 1", "release 1"] }));
    await eventually(() => expect(upstreamEnded).toBe(true));
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.resume();
    await closed;
  });

  async function open(setup: MeteredDoor) {
    const chunks: string[] = [];
    const req = httpRequest(`${setup.url}/api/rewrite/short`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    });
    const done = new Promise<IncomingMessage>((resolve, reject) => {
      req.on("error", reject);
      req.on("response", (res) => {
        res.setEncoding("utf8");
        res.on("data", (chunk: string) => chunks.push(chunk));
        res.on("end", () => resolve(res));
        res.on("error", reject);
      });
    });
    done.catch(() => undefined);
    req.end("{}");
    return { chunks, req, done };
  }
});
