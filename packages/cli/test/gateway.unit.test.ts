import { afterEach, describe, expect, test } from "vitest";
import { EXIT } from "../src/failure.ts";
import { Gateway, openGateway } from "../src/gateway.ts";
import { type Asked, answering, type Reply, shellWith, tempFile } from "./support.ts";

const CALL = { method: "POST", path: "/api/x", body: { a: 1 }, repeatable: true } as const;
let stop: (() => Promise<unknown>) | undefined;
afterEach(() => stop?.());

async function serving(...replies: (Reply | ((asked: Asked) => Reply))[]) {
  const server = await answering((asked) => {
    const reply = replies.length > 1 ? replies.shift() : replies[0];
    return typeof reply === "function" ? reply(asked) : (reply ?? { status: 500 });
  });
  stop = server.stop;
  return { ...server, gateway: new Gateway(server.url, () => Promise.resolve("t0ken")) };
}

describe("a call", () => {
  test("carries the token and gives back any final answer", async () => {
    const { gateway, asked } = await serving({ status: 422, body: { code: "x" } });
    expect(await gateway.call(CALL)).toEqual({ status: 422, body: { code: "x" } });
    expect(asked).toEqual([{ method: "POST", url: "/api/x", authorization: "Bearer t0ken", body: { a: 1 } }]);
  });

  test("is sent again while the system is busy, and when the connection breaks", async () => {
    const { gateway, asked } = await serving(
      { status: 503 },
      { status: 0, cut: true },
      { status: 200, body: { ok: true } },
    );
    expect(await gateway.call(CALL)).toMatchObject({ status: 200 });
    expect(asked).toHaveLength(3);
  });

  test("that may not be repeated is sent again only when nothing was done", async () => {
    const broken = await serving({ status: 0, cut: true });
    await expect(broken.gateway.call({ ...CALL, repeatable: false })).rejects.toMatchObject({ exit: EXIT.unreachable });
    expect(broken.asked).toHaveLength(1);
    await stop?.();
    const limited = await serving({ status: 429 }, { status: 200 });
    expect(await limited.gateway.call({ ...CALL, repeatable: false })).toMatchObject({ status: 200 });
  });

  test.each([401, 403])("%i ends the command and says what to do", async (status) => {
    const { gateway, asked } = await serving({ status, body: { code: "token_expired", detail: "expired at noon" } });
    await expect(gateway.call(CALL)).rejects.toMatchObject({
      exit: EXIT.denied,
      message: expect.stringContaining("token_expired: expired at noon"),
    });
    expect(asked).toHaveLength(1);
  });

  test("that was interrupted ends", async () => {
    const interrupt = new AbortController();
    const { url } = await serving(() => {
      interrupt.abort();
      return { status: 503 };
    });
    const gateway = new Gateway(url, () => Promise.resolve("t"), interrupt.signal);
    await expect(gateway.call(CALL)).rejects.toMatchObject({ exit: EXIT.interrupted });
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
    const server = await answering(() => ({ status: 200 }));
    stop = server.stop;
    const folder = file.path.slice(0, file.path.lastIndexOf("/"));
    const flags = { url: server.url, tokenFile: "token" };
    await openGateway(shellWith({ INIT_CWD: folder }), flags, []).call({ ...CALL, method: "GET", body: undefined });
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
