import { page } from "@stipend/proto/http/common";
import { Transaction } from "@stipend/proto/http/credits/transactions";
import { z } from "zod";

/** Shapes of the answers the tests and the tour read, where the contracts have no name for them. */
export const Transactions = page(Transaction);

/** Every refusal: RFC 9457 with a stable code. */
export const Problem = z.looseObject({
  type: z.string().min(1),
  title: z.string().min(1),
  status: z.int(),
  code: z.string().regex(/^[a-z][a-z0-9_]*$/),
  requestId: z.string().min(1),
});
export type Problem = z.output<typeof Problem>;

export const Shortfall = Problem.extend({
  required: z.int(),
  available: z.int(),
  shortfall: z.int(),
  options: z.array(z.looseObject({ action: z.enum(["top_up", "upgrade"]) })).min(1),
});

export const Membership = z.object({
  userId: z.string(),
  tier: z.string().nullable(),
  status: z.string().nullable(),
  cycle: z.string().nullable(),
  currentPeriodEnd: z.string().nullable(),
  monthlyCredits: z.int().nullable(),
  version: z.int(),
});

export const Rewritten = z.object({ text: z.string().min(1) });
export const DevClock = z.object({ now: z.string(), offsetMs: z.int() });
