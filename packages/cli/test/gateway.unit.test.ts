import { ApiProblem } from "@stipend/client/errors";
import { afterEach, describe, expect, test } from "vitest";
import { EXIT } from "../src/failure.ts";
import { answerOf, type Gateway, gatewayAt, openGateway } from "../src/gateway.ts";
import { type Asked, answering, type Reply, refusal, shellWith, tempFile } from "./support.ts";

const SPEND = { amount: 3, reason: "r" };
let stop: (() => Promise<unknown>) | undefined;
afterEach(() => stop?.());

async function serving(...replies: (Reply | ((asked: Asked) => Reply))[]) {
  const server = await answering((asked) => {
    const reply = replies.length > 1 ? replies.shift() : replies[0];
    return typeof reply === "function" ? reply(asked) : (reply ?? { status: 500 });
  });
  stop = server.stop;
  return { ...server, gateway: gatewayAt(server.url, "t0ken") };
}

const consume = ({ api }: Gateway) => answerOf("consume", api.post("/api/credits/consume", { body: SPEND, key: "k" }));
/** A write without a key: never sent twice. */
const cancel = ({ api }: Gateway) => answerOf("cancel", api.post("/api/membership/cancel", { body: {} }));

describe("a call", () => {
  test("carries the token and gives back the answer", async () => {
    const { gateway, asked } = await serving({ status: 200, body: { amount: 3 } });
    expect(await consume(gateway)).toMatchObject({ status: 200, data: { amount: 3 } });
    expect(asked).toEqual([
      { method: "POST", url: "/api/credits/consume", authorization: "Bearer t0ken", body: SPEND },
    ]);
  });

  test("that is refused is the command's to judge", async () => {
    const { gateway } = await serving(refusal(422, "idempotency_key_reused"));
    await expect(consume(gateway)).rejects.toMatchObject({ exit: EXIT.unreachable });
    const judged = answerOf("x", gateway.api.get("/api/credits"), (problem) => {
      expect(problem).toBeInstanceOf(ApiProblem);
      return Object.assign(new Error("judged"), { exit: EXIT.findings }) as never;
    });
    await expect(judged).rejects.toThrow("judged");
  });

  test("is sent again while the system is busy, and when the connection breaks", async () => {
    const { gateway, asked } = await serving(
      refusal(503, "overloaded"),
      { status: 0, cut: true },
      { status: 200, body: { ok: true } },
    );
    expect(await consume(gateway)).toMatchObject({ status: 200 });
    expect(asked).toHaveLength(3);
  });

  test("that may not be repeated is sent again only when nothing was done", async () => {
    const broken = await serving({ status: 0, cut: true });
    await expect(cancel(broken.gateway)).rejects.toMatchObject({ exit: EXIT.unreachable });
    expect(broken.asked).toHaveLength(1);
    await stop?.();
    const limited = await serving(refusal(429, "rate_limited"), { status: 200, body: {} });
    expect(await cancel(limited.gateway)).toMatchObject({ status: 200 });
  });

  test.each([401, 403])("%i ends the command and says what to do", async (status) => {
    const { gateway, asked } = await serving(refusal(status, "token_revoked", "revoked at noon"));
    await expect(consume(gateway)).rejects.toMatchObject({
      exit: EXIT.denied,
      message: expect.stringContaining("token_revoked: revoked at noon"),
    });
    expect(asked).toHaveLength(1);
  });

  test("that was interrupted ends", async () => {
    const interrupt = new AbortController();
    const { url } = await serving(() => {
      interrupt.abort();
      return refusal(503, "overloaded");
    });
    await expect(consume(gatewayAt(url, "t", interrupt.signal))).rejects.toMatchObject({ exit: EXIT.interrupted });
  });
});

describe("the address and the token", () => {
  const open = (env: NodeJS.ProcessEnv, flags = {}) => openGateway(shellWith(env), flags, ["admin"]);

  test("come by flag, then by environment, then from the system of this checkout", () => {
    const env = { STIPEND_URL: "https://one.example/", STIPEND_TOKEN: "t", STIPEND_PORT: "9000" };
    expect(open(env, { url: "https://two.example/base/" }).url).toBe("https://two.example/base");
    expect(open(env).url).toBe("https://one.example");
    expect(open({ ...env, STIPEND_URL: undefined }).url).toBe("http://127.0.0.1:9000");
  });

  test("a token's file is read as the caller names it", async () => {
    const file = tempFile("token", "from-a-file\n");
    const server = await answering(() => ({ status: 200, body: {} }));
    stop = server.stop;
    const folder = file.path.slice(0, file.path.lastIndexOf("/"));
    const flags = { url: server.url, tokenFile: "token" };
    await openGateway(shellWith({ INIT_CWD: folder }), flags, []).api.get("/api/credits");
    expect(server.asked[0]?.authorization).toBe("Bearer from-a-file");
    file.remove();
  });

  test.each([
    [{ STIPEND_URL: "gateway.example", STIPEND_TOKEN: "t" }, EXIT.usage],
    [{ STIPEND_URL: "https://prod.example" }, EXIT.denied],
    [{ STIPEND_HOME: "/nowhere/at/all" }, EXIT.denied],
    [{ STIPEND_PORT: "port" }, EXIT.usage],
  ])("%o is refused", (env, exit) => {
    expect(() => open(env)).toThrow(expect.objectContaining({ exit }));
  });
});
