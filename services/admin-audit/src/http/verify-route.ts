import { Problem } from "@stipend/platform/http/problem";
import { type RouteContext, serve } from "@stipend/platform/http/serve";
import { auditVerify } from "@stipend/proto/http/audit";
import type { IRouter } from "express";
import { AnchorUnavailable, type ChainReader, type HeadAnchor, verifyLog } from "../usecases/verify-log.ts";

/** Checks under way at once: each reads the whole log. */
const MOST_CHECKS = 2;
/**
 * A check of a long log takes longer than callers wait for an answer's first byte, so it sends blanks meanwhile; JSON
 * may begin with any number of them.
 */
const BLANK_EVERY_MS = 5_000;

export interface VerifyRoute {
  readonly log: ChainReader;
  readonly anchors: readonly HeadAnchor[];
  /** Default 5,000 ms. */
  readonly blankEveryMs?: number;
}

export function verifyRoute(router: IRouter, options: VerifyRoute): void {
  let running = 0;
  serve(router, auditVerify, async (ctx) => {
    if (running >= MOST_CHECKS) {
      throw new Problem("overloaded", { message: "the log is being checked already", retryAfterSeconds: 5 });
    }
    running += 1;
    try {
      await answer(ctx, options);
    } finally {
      running -= 1;
    }
  });
}

async function answer({ res, signal }: RouteContext<typeof auditVerify>, options: VerifyRoute): Promise<void> {
  const begin = () => {
    if (res.headersSent) return;
    res.setHeader("Content-Type", "application/json; charset=utf-8");
    res.setHeader("Cache-Control", "no-store");
  };
  const blanks = setInterval(() => {
    begin();
    res.write(" ");
  }, options.blankEveryMs ?? BLANK_EVERY_MS);
  try {
    const verification = await verifyLog(options.log, options.anchors, signal);
    begin();
    res.end(JSON.stringify(verification));
  } catch (error) {
    // Half an answer is cut: nobody may take it for one.
    if (res.headersSent || signal.aborted) res.destroy();
    else if (error instanceof AnchorUnavailable) throw new Problem("anchor_unavailable", { message: error.message });
    else throw error;
  } finally {
    clearInterval(blanks);
  }
}
