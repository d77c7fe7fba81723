import { eventually } from "@stipend/testing/eventually";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import type { Route } from "../src/http/context.ts";
import { FairShare } from "../src/limits/share.ts";
import { openDoor } from "./support/door.ts";
import { createIssuer, type Issuer } from "./support/issuer.ts";

let issuer: Issuer;
beforeAll(async () => {
  issuer = await createIssuer("ES256");
});

/** A door behind which requests wait until they are let go. */
async function waitingRoom(quota: number) {
  const waiting: (() => void)[] = [];
  const share = new FairShare(quota);
  const contract = {
    id: "wait",
    method: "GET",
    path: "/api/credits",
    roles: ["user", "service"],
    summary: "",
    responses: {},
    errors: [],
  } as const;
  const route: Route = { contract, head: false, run: async ({ res }) => void waiting.push(() => res.end("{}")) };
  const stream: Route = { ...route, contract: { ...contract, id: "stream", path: "/api/events" } };
  const { url } = await openDoor(issuer, [route, stream], { share });
  const ask = async (sub: string, roles = ["user"], path = "/api/credits", signal?: AbortSignal) =>
    await fetch(url + path, {
      headers: { authorization: `Bearer ${await issuer.token({ sub, roles })}` },
      ...(signal === undefined ? {} : { signal }),
    });
  const letGo = () => {
    for (const go of waiting.splice(0)) go();
  };
  onTestFinished(letGo);
  return { ask, waiting, letGo, share };
}

test("one user has only a share of the gateway under way; others have theirs, and it comes back", async () => {
  const { ask, waiting, letGo, share } = await waitingRoom(2);
  const first = [ask("greedy"), ask("greedy")];
  await eventually(() => expect(waiting).toHaveLength(2));
  const refused = await ask("greedy");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  expect(await refused.json()).toMatchObject({ code: "rate_limited", policies: ["under-way"] });
  const other = ask("modest");
  await eventually(() => expect(waiting).toHaveLength(3));
  letGo();
  expect((await Promise.all([...first, other])).map(({ status }) => status)).toEqual([200, 200, 200]);
  await eventually(() => expect(share.users).toBe(0));
  const again = ask("greedy");
  await eventually(() => expect(waiting).toHaveLength(1));
  letGo();
  expect((await again).status).toBe(200);
});

test("a request whose client leaves counts no more", async () => {
  const { ask, waiting, share } = await waitingRoom(1);
  const gone = new AbortController();
  const left = ask("hasty", ["user"], "/api/credits", gone.signal).catch(() => "left");
  await eventually(() => expect(waiting).toHaveLength(1));
  gone.abort();
  expect(await left).toBe("left");
  await eventually(() => expect(share.users).toBe(0));
});

test("machines and streams are not counted", async () => {
  const { ask, waiting, letGo } = await waitingRoom(1);
  const running = [
    ask("shop", ["service"]),
    ask("shop", ["service"]),
    ask("reader", ["user"], "/api/events"),
    ask("reader", ["user"], "/api/events"),
    ask("reader"),
  ];
  await eventually(() => expect(waiting).toHaveLength(5));
  letGo();
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
});
