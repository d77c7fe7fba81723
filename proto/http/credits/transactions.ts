import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Cursor, DecimalId, PageLimit, page, Timestamp } from "../common.ts";
import { Draws } from "./movement.ts";
import { ActsFor, Credits, GrantKind, READERS, TRANSACTION_TYPES, TransactionType, Version } from "./terms.ts";

export const Transaction = z
  .object({
    id: DecimalId,
    type: TransactionType,
    amount: Credits.meta({ description: "Signed change of the balance; 0 for hold, release, freeze, unfreeze." }),
    balanceBefore: Credits,
    balanceAfter: Credits,
    heldAfter: Credits,
    version: Version,
    reason: z.string(),
    feature: z.string().nullable(),
    createdAt: Timestamp,
    relatedId: z.string().nullable().meta({ description: "The consumption a refund gives back, or the hold." }),
    draws: Draws,
    heldChange: Credits.meta({ description: "Signed change of what is held." }),
    grantKind: GrantKind.nullable(),
    actor: z.string(),
    metadata: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: "CreditTransaction" });

const transactionFilter = {
  userId: ActsFor,
  type: z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(TransactionType).min(1).max(TRANSACTION_TYPES.length))
    .optional()
    .meta({ description: "One type or several, separated by commas.", examples: ["consume,refund"] }),
  from: Timestamp.optional().meta({ description: "Inclusive." }),
  to: Timestamp.optional().meta({ description: "Exclusive." }),
};

export const listTransactions = defineRoute({
  id: "credits.transactions",
  method: "GET",
  path: "/api/credits/transactions",
  roles: READERS,
  summary: "The ledger of an account, newest first",
  tags: ["credits"],
  query: z.strictObject({ ...transactionFilter, limit: PageLimit, cursor: Cursor.optional() }),
  responses: { 200: { description: "A page", schema: page(Transaction) } },
  errors: ["forbidden", "user_not_found", "invalid_cursor"],
});

export const exportTransactions = defineRoute({
  id: "credits.transactionsCsv",
  method: "GET",
  path: "/api/credits/transactions.csv",
  roles: READERS,
  summary: "The ledger of an account as CSV, oldest first, streamed",
  tags: ["credits"],
  query: z.strictObject(transactionFilter),
  responses: { 200: { description: "RFC 4180, UTF-8, with a header line", contentType: "text/csv" } },
  errors: ["forbidden", "user_not_found"],
});

export const getTransaction = defineRoute({
  id: "credits.transaction",
  method: "GET",
  path: "/api/credits/transactions/:transactionId",
  roles: READERS,
  summary: "One row of the ledger",
  tags: ["credits"],
  params: z.strictObject({ transactionId: DecimalId }),
  responses: { 200: { description: "The transaction", schema: Transaction } },
  errors: ["transaction_not_found"],
});
