import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { DecimalId, Timestamp, UserId } from "../common.ts";
import { AccountStatus, ActsFor, Credits, GrantKind, READERS, Version } from "./terms.ts";

const Grant = z.object({
  id: DecimalId,
  kind: GrantKind,
  remaining: Credits,
  priority: z.int().meta({ description: "Lower is spent first." }),
  expiresAt: Timestamp.nullable(),
});

const Allowance = z.object({
  tier: z.string(),
  monthlyCredits: Credits,
  remaining: Credits,
  nextResetAt: Timestamp.nullable().meta({ description: "Null when the membership ends before another reset." }),
});

export const Account = z
  .object({
    userId: UserId,
    balance: Credits,
    held: Credits.meta({ description: "Reserved by open holds." }),
    available: Credits.meta({ description: "balance − held: what can be spent." }),
    version: Version,
    status: AccountStatus,
    allowance: Allowance.nullable().meta({ description: "Null for a non-member." }),
    grants: z.array(Grant).meta({ description: "Open grants in the order of spending." }),
    lowBalanceThreshold: Credits.meta({ description: "Below this a LowBalance event is sent; 0: never." }),
    asOf: Timestamp,
  })
  .meta({ id: "CreditAccount" });

export const getAccount = defineRoute({
  id: "credits.account",
  method: "GET",
  path: "/api/credits",
  roles: READERS,
  summary: "The account: balance, allowance and grants. Serves a reset that is due first",
  tags: ["credits"],
  query: z.strictObject({ userId: ActsFor }),
  responses: { 200: { description: "The account", schema: Account } },
  errors: ["forbidden", "user_not_found"],
});

export const explain = defineRoute({
  id: "credits.explain",
  method: "GET",
  path: "/api/credits/explain",
  roles: READERS,
  summary: "What the balance was made of at any past moment, grant by grant",
  tags: ["credits"],
  query: z.strictObject({ userId: ActsFor, at: Timestamp.optional().meta({ description: "Default: now." }) }),
  responses: {
    200: {
      description: "The account as it was",
      schema: z.object({
        userId: UserId,
        at: Timestamp,
        version: Version,
        balance: Credits,
        held: Credits,
        available: Credits,
        status: AccountStatus,
        grants: z.array(Grant.extend({ reserved: Credits })),
        lines: z.array(z.string()).meta({ description: "The same in words, one line a grant." }),
      }),
    },
  },
  errors: ["forbidden", "user_not_found"],
});

export const schedule = defineRoute({
  id: "credits.schedule",
  method: "GET",
  path: "/api/credits/schedule",
  roles: READERS,
  summary: "The months of a yearly membership: given, skipped, scheduled",
  tags: ["credits"],
  query: z.strictObject({ userId: ActsFor }),
  responses: {
    200: {
      description: "Newest first; empty without a yearly membership",
      schema: z.object({
        data: z.array(
          z.object({
            month: z.int(),
            periodStart: Timestamp,
            periodEnd: Timestamp,
            amount: Credits,
            status: z.enum(["scheduled", "given", "skipped", "cancelled"]),
            givenAmount: Credits.nullable(),
            transactionId: DecimalId.nullable(),
          }),
        ),
      }),
    },
  },
  errors: ["forbidden", "user_not_found"],
});

export const setLowBalanceThreshold = defineRoute({
  id: "credits.setLowBalanceThreshold",
  method: "PUT",
  path: "/api/credits/low-balance-threshold",
  roles: ["user", "service"],
  summary: "Below how many available credits a LowBalance event is sent",
  tags: ["credits"],
  body: z.strictObject({
    threshold: z.int().min(0).max(1_000_000_000).nullable().meta({
      description: "0: never. Null: the default, a tenth of the monthly credits; never for a non-member.",
    }),
    userId: ActsFor,
  }),
  responses: { 200: { description: "The account", schema: Account } },
  errors: ["forbidden"],
});
