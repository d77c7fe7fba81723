import type { DevClock } from "@stipend/platform/clock/clock";
import { ClockSetting, getDevClock, putDevClock } from "@stipend/proto/http/gateway";
import type { Route } from "../http/context.ts";
import { readJsonBody } from "../http/read-request.ts";
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
        const { now, offsetMs } = await mover.move(await readJsonBody(req, ClockSetting), caller);
        sendJson(res, 200, reading(now, offsetMs));
      },
    },
  ];
}

function reading(now: Date, offsetMs: number) {
  return { now: now.toISOString(), offsetMs };
}
