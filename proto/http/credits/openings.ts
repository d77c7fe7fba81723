import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Reason, Timestamp, UserId } from "../common.ts";
import { Credits, Version } from "./terms.ts";

/** A key without blanks: the ledger makes a second one of it, with one. */
const OpeningKey = z.string().regex(/^[\x21-\x7e]{1,150}$/, "must be 1-150 visible ASCII characters");

const Brought = z.int().min(0).max(1_000_000);

/** One item of an opening. Items are validated one by one: a bad one is answered as such and fails no other. */
export const OpeningItem = z
  .strictObject({
    key: OpeningKey,
    userId: UserId,
    balance: Brought,
    allowance: z
      .strictObject({
        remaining: Brought,
        monthlyCredits: z.int().min(0).max(1_000_000_000),
        cycle: z.enum(["monthly", "yearly"]),
        anchor: z.enum(["calendar", "anniversary"]),
        startedAt: Timestamp.optional(),
      })
      .optional(),
  })
  .refine(({ balance, allowance }) => allowance === undefined || allowance.remaining <= balance, {
    path: ["allowance", "remaining"],
    message: "is a part of balance and can't be more",
  });

const MOST_ITEMS = 500;
const openingTerms = {
  reason: Reason,
  dryRun: z.boolean().default(false).meta({ description: "Judge everything, keep nothing." }),
};

export const openAccounts = defineRoute({
  id: "credits.openAccounts",
  method: "POST",
  path: "/api/admin/credits/openings",
  roles: ["admin"],
  summary: "Bring balances over from another system, up to 500 users; an outcome for each, in order",
  tags: ["admin"],
  bodyLimit: 524_288,
  body: z.strictObject({ ...openingTerms, items: z.array(z.unknown()).min(1).max(MOST_ITEMS) }),
  documentedBody: z.strictObject({
    ...openingTerms,
    items: z.array(OpeningItem).min(1).max(MOST_ITEMS).meta({
      description:
        "Each is judged by itself; a bad one fails no other. balance is all that the user has; remaining is the part of it that is left of the present month's allowance, which then counts as given: monthlyCredits are what the tier gives a month, cycle, anchor and startedAt (the join day; left out: now) say which month that is. Without allowance the first event of a membership gives one as to any new member. key is the item's idempotency key, 1-150 visible ASCII characters.",
    }),
  }),
  responses: {
    200: {
      description: "One result an item, in the order given",
      schema: z.object({
        results: z.array(
          z.looseObject({
            key: z.string().nullable(),
            status: z.int().meta({ description: "The HTTP status a single call would have answered." }),
            code: z.string().optional().meta({
              description:
                "Of a refusal: allowance_served, idempotency_key_reused, second_admin_required, validation_failed.",
            }),
            replayed: z.boolean().optional().meta({ description: "Done before under this key." }),
            balanceAfter: Credits.optional(),
            version: Version.optional(),
          }),
        ),
      }),
    },
  },
  errors: ["allowance_served", "idempotency_key_reused", "second_admin_required"],
});
