import type { DevClock } from "@stipend/platform/clock/clock";
import { DEFAULT_BODY_LIMIT } from "@stipend/platform/http/contract";
import { validationProblem } from "@stipend/platform/http/problem";
import { ClockSetting, getDevClock, putDevClock } from "@stipend/proto/http/gateway";
import { readBody } from "../forward/body.ts";
import type { Route } from "../http/context.ts";
import { Refusal } from "../http/refusal.ts";
import { sendJson } from "../http/send-json.ts";
import type { ClockMover } from "./clock-mover.ts";

/** Present only where the development clock is on. */
export function clockRoutes(clock: DevClock, mover: ClockMover): readonly Route[] {
  return [
    {
      contract: getDevClock,
      head: true,
      run: async ({ res }) => sendJson(res, 200, reading(clock.now(), clock.offsetMs)),
    },
    {
      contract: putDevClock,
      head: true,
      run: async ({ req, res, caller }) => {
        const setting = ClockSetting.safeParse(parseJson(await readBody(req, DEFAULT_BODY_LIMIT)));
        if (!setting.success) throw validationProblem("body", setting.error);
        const { now, offsetMs } = await mover.move(setting.data, caller);
        sendJson(res, 200, reading(now, offsetMs));
      },
    },
  ];
}

function reading(now: Date, offsetMs: number) {
  return { now: now.toISOString(), offsetMs };
}

function parseJson(body: Buffer | undefined): unknown {
  try {
    return JSON.parse(body?.toString("utf8") ?? "") as unknown;
  } catch (error) {
    throw new Refusal("malformed_json", { cause: error });
  }
}
