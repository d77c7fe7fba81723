import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Amount, Code, Cursor, DecimalId, isWellFormed, PageLimit, page, Reason, Timestamp, UserId } from "./common.ts";

const TRANSACTION_TYPES = [
  "consume",
  "refund",
  "grant",
  "reset",
  "expire",
  "hold",
  "release",
  "adjust",
  "freeze",
  "unfreeze",
] as const;
const GRANT_KINDS = ["allowance", "package", "bonus", "purchase", "refund", "adjustment"] as const;

export const TransactionType = z.enum(TRANSACTION_TYPES);
export const GrantKind = z.enum(GRANT_KINDS);
const AccountStatus = z.enum(["active", "frozen"]);

const Feature = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/, "must be 1-64 characters of A-Z a-z 0-9 . _ : / -")
  .meta({ description: "The product feature that spends.", examples: ["rewrite"] });

/** Kept with the ledger row; at most 2 kB as JSON. */
const Metadata = z
  .record(z.string().min(1).max(64), z.union([z.string().max(500), z.number(), z.boolean(), z.null()]))
  .refine((value) => Object.keys(value).length <= 32, "must have at most 32 fields")
  .refine(
    (value) =>
      Object.entries(value)
        .flat()
        .every((text) => typeof text !== "string" || (isWellFormed(text) && !text.includes("\0"))),
    "must be well-formed Unicode without NUL",
  )
  .refine((value) => JSON.stringify(value).length <= 2_048, "must be at most 2 kB as JSON")
  .meta({ description: "Facts of your own, kept with the transaction." });

/** A user names nobody or itself; a service must name the user it acts for. */
const ActsFor = UserId.optional().meta({ description: "Whose account. Left out: the caller's own." });

const Credits = z.int();
const Version = z.int().min(0).meta({ description: "Rises by one with every change of the account." });

// ---- what the answers are made of ----------------------------------------------------------------------------------

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

const Draw = z.object({ grantId: DecimalId, kind: GrantKind, amount: Credits });
const Draws = z.array(Draw).meta({ description: "What came from, or went to, which grant." });

const movementShape = {
  transactionId: DecimalId,
  userId: UserId,
  amount: Credits.meta({ description: "How many credits, positive." }),
  balanceBefore: Credits,
  balanceAfter: Credits,
  heldAfter: Credits,
  available: Credits,
  version: Version,
  draws: Draws,
};

/** The answer of every call that moves credits. */
export const Movement = z.object(movementShape).meta({ id: "CreditMovement" });

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

const HoldStatus = z.enum(["open", "captured", "released", "expired"]);
export const Hold = z
  .object({
    holdId: DecimalId,
    userId: UserId,
    amount: Credits,
    captured: Credits,
    status: HoldStatus,
    expiresAt: Timestamp,
    createdAt: Timestamp,
    endedAt: Timestamp.nullable(),
    reason: z.string(),
    feature: z.string().nullable(),
    transactionId: DecimalId.nullable().meta({ description: "The consumption of a capture." }),
  })
  .meta({ id: "CreditHold" });

const HoldMade = z.object({
  holdId: DecimalId,
  userId: UserId,
  amount: Credits,
  expiresAt: Timestamp,
  version: Version,
  balanceAfter: Credits,
  heldAfter: Credits,
  available: Credits,
});

const HoldEnded = z.object({
  ...movementShape,
  holdId: DecimalId,
  status: HoldStatus,
});

const Package = z
  .object({
    code: Code,
    name: z.string(),
    credits: Credits,
    priceMinor: Credits.meta({ description: "Price in the smallest unit of the currency." }),
    currency: z.string(),
    validDays: z.int().nullable().meta({ description: "Days until the credits expire; null: never." }),
    requiresMembership: z.boolean(),
  })
  .meta({ id: "CreditPackage" });

const Offer = Package.extend({
  available: z.boolean(),
  unavailableBecause: z.enum(["membership_required"]).nullable(),
});

const AdminPackage = Package.extend({ priority: z.int(), active: z.boolean(), version: z.int() });

// ---- routes of members and services --------------------------------------------------------------------------------

const READERS = ["user", "service", "support", "admin"] as const;
const spending = ["insufficient_credits", "account_frozen", "idempotency_key_reused", "forbidden"] as const;

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

export const consume = defineRoute({
  id: "credits.consume",
  method: "POST",
  path: "/api/credits/consume",
  roles: ["user", "service"],
  summary: "Spend credits",
  tags: ["credits"],
  idempotencyKey: "required",
  body: z.strictObject({
    amount: Amount,
    reason: Reason,
    feature: Feature.optional(),
    metadata: Metadata.optional(),
    userId: ActsFor,
  }),
  responses: { 200: { description: "Spent", schema: Movement } },
  errors: spending,
});

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

export const usage = defineRoute({
  id: "credits.usage",
  method: "GET",
  path: "/api/credits/usage",
  roles: READERS,
  summary: "Consumption over time, for charts",
  tags: ["credits"],
  query: z.strictObject({
    userId: ActsFor,
    interval: z.enum(["hour", "day", "month"]).default("day"),
    from: Timestamp.optional().meta({ description: "Default: 2 days, 30 days or 12 months before `to`." }),
    to: Timestamp.optional().meta({ description: "Exclusive. Default: now." }),
    groupBy: z.enum(["none", "feature"]).default("none"),
  }),
  responses: {
    200: {
      description: "One entry a bucket, oldest first, empty ones included",
      schema: z.object({
        interval: z.enum(["hour", "day", "month"]),
        timeZone: z.string(),
        from: Timestamp,
        to: Timestamp,
        data: z.array(
          z.object({
            start: Timestamp,
            end: Timestamp,
            consumed: Credits,
            refunded: Credits,
            net: Credits.meta({ description: "consumed − refunded." }),
            operations: z.int(),
            features: z
              .array(
                z.object({ feature: z.string().nullable(), consumed: Credits, refunded: Credits, operations: z.int() }),
              )
              .optional(),
          }),
        ),
      }),
    },
  },
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

export const listPackages = defineRoute({
  id: "credits.packages",
  method: "GET",
  path: "/api/credits/packages",
  roles: READERS,
  summary: "The catalogue: what this user may buy, and if not, why",
  tags: ["credits"],
  query: z.strictObject({ userId: ActsFor }),
  responses: { 200: { description: "The packages on sale", schema: z.object({ data: z.array(Offer) }) } },
  errors: ["forbidden", "user_not_found"],
});

export const purchase = defineRoute({
  id: "credits.purchase",
  method: "POST",
  path: "/api/credits/packages/:code/purchase",
  roles: ["service"],
  summary: "Give a paid package; once for each payment reference",
  tags: ["credits"],
  idempotencyKey: "required",
  params: z.strictObject({ code: Code }),
  body: z.strictObject({
    userId: UserId,
    paymentReference: z
      .string()
      .regex(/^[\x21-\x7e]{1,191}$/, "must be 1-191 visible ASCII characters")
      .meta({ examples: ["pi_3Nq8Xk"] }),
  }),
  responses: { 200: { description: "Given", schema: Movement.extend({ code: Code, grantId: DecimalId }) } },
  errors: [
    "package_not_found",
    "package_inactive",
    "membership_required",
    "payment_reference_used",
    "idempotency_key_reused",
  ],
});

const refundBody = z.strictObject({
  transactionId: DecimalId,
  amount: Amount.optional().meta({ description: "Left out: all that is left of it." }),
  reason: Reason,
});
const refundErrors = [
  "transaction_not_found",
  "not_refundable",
  "nothing_to_refund",
  "refund_exceeds_original",
  "idempotency_key_reused",
] as const;
const Refunded = Movement.extend({ refundedTransactionId: DecimalId });

export const refund = defineRoute({
  id: "credits.refund",
  method: "POST",
  path: "/api/credits/refund",
  roles: ["service"],
  summary: "Give back a consumption, all or part, to the grants it came from",
  tags: ["credits"],
  idempotencyKey: "required",
  body: refundBody,
  responses: { 200: { description: "Given back", schema: Refunded } },
  errors: refundErrors,
});

export const createHold = defineRoute({
  id: "credits.hold",
  method: "POST",
  path: "/api/credits/holds",
  roles: ["service"],
  summary: "Reserve credits until captured, released or expired",
  tags: ["credits"],
  idempotencyKey: "required",
  body: z.strictObject({
    userId: UserId,
    amount: Amount,
    ttlSeconds: z.int().min(1).max(86_400),
    reason: Reason,
    feature: Feature.optional(),
    metadata: Metadata.optional(),
  }),
  responses: { 201: { description: "Reserved", schema: HoldMade } },
  errors: spending,
});

const holdParams = z.strictObject({ holdId: DecimalId });

export const getHold = defineRoute({
  id: "credits.getHold",
  method: "GET",
  path: "/api/credits/holds/:holdId",
  roles: READERS,
  summary: "A hold and how it ended",
  tags: ["credits"],
  params: holdParams,
  responses: { 200: { description: "The hold", schema: Hold } },
  errors: ["hold_not_found"],
});

export const listHolds = defineRoute({
  id: "credits.holds",
  method: "GET",
  path: "/api/credits/holds",
  roles: READERS,
  summary: "The open holds of an account, newest first, at most 100",
  tags: ["credits"],
  query: z.strictObject({ userId: ActsFor }),
  responses: { 200: { description: "What is reserved, and until when", schema: z.object({ data: z.array(Hold) }) } },
  errors: ["forbidden", "user_not_found"],
});

export const captureHold = defineRoute({
  id: "credits.capture",
  method: "POST",
  path: "/api/credits/holds/:holdId/capture",
  roles: ["service"],
  summary: "Spend a hold, all or part; the rest is freed",
  tags: ["credits"],
  idempotencyKey: "required",
  params: holdParams,
  body: z.strictObject({ amount: Amount.optional(), reason: Reason.optional() }),
  responses: { 200: { description: "Spent", schema: HoldEnded } },
  errors: ["hold_not_found", "hold_ended", "capture_exceeds_hold", "idempotency_key_reused"],
});

export const releaseHold = defineRoute({
  id: "credits.release",
  method: "POST",
  path: "/api/credits/holds/:holdId/release",
  roles: ["service"],
  summary: "Free a hold",
  tags: ["credits"],
  idempotencyKey: "required",
  params: holdParams,
  body: z.strictObject({ reason: Reason.optional() }),
  responses: { 200: { description: "Freed", schema: HoldEnded } },
  errors: ["hold_not_found", "hold_ended", "idempotency_key_reused"],
});

// ---- batch ---------------------------------------------------------------------------------------------------------

const Key = z.string().regex(/^[\x20-\x7e]{1,255}$/, "must be 1-255 printable ASCII characters");
const batchBase = { key: Key, userId: UserId, reason: Reason };

/** One item of a batch. Items are validated one by one: a bad one is answered as such and fails no other. */
export const BatchOperation = z.discriminatedUnion("op", [
  z.strictObject({
    op: z.literal("consume"),
    ...batchBase,
    amount: Amount,
    feature: Feature.optional(),
    metadata: Metadata.optional(),
  }),
  z.strictObject({ op: z.literal("refund"), ...batchBase, transactionId: DecimalId, amount: Amount.optional() }),
  z.strictObject({
    op: z.literal("hold"),
    ...batchBase,
    amount: Amount,
    ttlSeconds: z.int().min(1).max(86_400),
    feature: Feature.optional(),
    metadata: Metadata.optional(),
  }),
  z.strictObject({
    op: z.literal("capture"),
    ...batchBase,
    reason: Reason.optional(),
    holdId: DecimalId,
    amount: Amount.optional(),
  }),
  z.strictObject({ op: z.literal("release"), ...batchBase, reason: Reason.optional(), holdId: DecimalId }),
]);

const MOST_OPERATIONS = 1_000;

export const batch = defineRoute({
  id: "credits.batch",
  method: "POST",
  path: "/api/credits/batch",
  roles: ["service"],
  summary: "Up to 1,000 operations; an outcome for each, in order; one bad item never fails another",
  tags: ["credits"],
  bodyLimit: 1_048_576,
  body: z.strictObject({ operations: z.array(z.unknown()).min(1).max(MOST_OPERATIONS) }),
  documentedBody: z.strictObject({
    operations: z.array(BatchOperation).min(1).max(MOST_OPERATIONS).meta({
      description: "key is the item's idempotency key; the other fields are those of the single calls.",
    }),
  }),
  responses: {
    200: {
      description: "One result an operation, in the order given",
      schema: z.object({
        results: z.array(
          z.looseObject({
            key: z.string().nullable(),
            status: z.int().meta({ description: "The HTTP status the single call would have answered." }),
            code: z.string().optional().meta({ description: "Of a refusal: the problem's code." }),
            replayed: z.boolean().optional(),
            holdStatus: HoldStatus.optional().meta({ description: "Of a capture or release: how the hold ended." }),
          }),
        ),
      }),
    },
  },
  errors: [],
});

// ---- admin ---------------------------------------------------------------------------------------------------------

const adminParams = z.strictObject({ userId: UserId });
const APPROVAL = {
  description: "Above the four-eyes threshold: waits for a second admin",
  schema: z.object({ approvalId: DecimalId }),
} as const;

export const adminGrant = defineRoute({
  id: "credits.adminGrant",
  method: "POST",
  path: "/api/admin/users/:userId/credits/grants",
  roles: ["admin"],
  summary: "Give credits",
  tags: ["admin"],
  idempotencyKey: "required",
  params: adminParams,
  body: z.strictObject({
    amount: Amount,
    kind: z.enum(["package", "bonus", "purchase", "refund", "adjustment"]).default("bonus"),
    priority: z.int().min(0).max(1_000).optional().meta({ description: "Lower is spent first." }),
    expiresAt: Timestamp.optional().meta({ description: "In the future. Left out: never." }),
    reason: Reason,
  }),
  responses: { 200: { description: "Given", schema: Movement.extend({ grantId: DecimalId }) }, 202: APPROVAL },
  errors: ["idempotency_key_reused"],
});

export const adminAdjust = defineRoute({
  id: "credits.adminAdjust",
  method: "POST",
  path: "/api/admin/users/:userId/credits/adjustments",
  roles: ["admin"],
  summary: "Correct a balance; a negative amount takes at most what is available",
  tags: ["admin"],
  idempotencyKey: "required",
  params: adminParams,
  body: z.strictObject({
    amount: z
      .int()
      .min(-1_000_000)
      .max(1_000_000)
      .refine((amount) => amount !== 0, "must not be 0")
      .meta({ description: "Signed." }),
    reason: Reason,
  }),
  responses: {
    200: {
      description: "Corrected; amount is signed and may be nearer to 0 than what was asked for",
      schema: Movement,
    },
    202: APPROVAL,
  },
  errors: ["insufficient_credits", "idempotency_key_reused"],
});

export const adminRefund = defineRoute({
  id: "credits.adminRefund",
  method: "POST",
  path: "/api/admin/users/:userId/credits/refunds",
  roles: ["admin"],
  summary: "Give back a consumption, all or part",
  tags: ["admin"],
  idempotencyKey: "required",
  params: adminParams,
  body: refundBody,
  responses: { 200: { description: "Given back", schema: Refunded }, 202: APPROVAL },
  errors: refundErrors,
});

export const adminPackage = defineRoute({
  id: "credits.adminPackage",
  method: "POST",
  path: "/api/admin/users/:userId/credits/packages",
  roles: ["admin"],
  summary: "Give a package without payment",
  tags: ["admin"],
  idempotencyKey: "required",
  params: adminParams,
  body: z.strictObject({ code: Code, reason: Reason }),
  responses: {
    200: { description: "Given", schema: Movement.extend({ code: Code, grantId: DecimalId }) },
    202: APPROVAL,
  },
  errors: ["package_not_found", "package_inactive", "idempotency_key_reused"],
});

export const adminReset = defineRoute({
  id: "credits.adminReset",
  method: "POST",
  path: "/api/admin/users/:userId/credits/reset",
  roles: ["admin"],
  summary: "Set an active member's allowance to the quota now; a non-member keeps what there is",
  tags: ["admin"],
  idempotencyKey: "required",
  params: adminParams,
  body: z.strictObject({ reason: Reason }),
  responses: {
    200: {
      description: "What the account holds afterwards",
      schema: z.object({
        userId: UserId,
        reset: z.boolean().meta({ description: "False for a non-member: nothing was changed." }),
        transactionId: DecimalId.nullable(),
        balanceBefore: Credits,
        balanceAfter: Credits,
        version: Version,
      }),
    },
  },
  errors: ["idempotency_key_reused"],
});

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

export const openAccounts = defineRoute({
  id: "credits.openAccounts",
  method: "POST",
  path: "/api/admin/credits/openings",
  roles: ["admin"],
  summary: "Bring balances over from another system, up to 500 users; an outcome for each, in order",
  tags: ["admin"],
  bodyLimit: 524_288,
  body: z.strictObject({
    reason: Reason,
    dryRun: z.boolean().default(false).meta({ description: "Judge everything, keep nothing." }),
    items: z.array(z.unknown()).min(1).max(500).meta({
      description:
        "Items {key, userId, balance, allowance?: {remaining, monthlyCredits, cycle, anchor, startedAt?}}. balance is all that the user has; remaining is the part of it that is left of the present month's allowance, which then counts as given: monthlyCredits are what the tier gives a month, cycle, anchor and startedAt (the join day; left out: now) say which month that is. Without allowance the first event of a membership gives one as to any new member. key is the item's idempotency key, 1-150 visible ASCII characters.",
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

const StatusChanged = z.object({ transactionId: DecimalId, userId: UserId, status: AccountStatus, version: Version });

export const adminFreeze = defineRoute({
  id: "credits.adminFreeze",
  method: "POST",
  path: "/api/admin/users/:userId/credits/freeze",
  roles: ["admin"],
  summary: "Freeze an account: nothing can be spent or reserved; holds can still be captured",
  tags: ["admin"],
  idempotencyKey: "required",
  params: adminParams,
  body: z.strictObject({ reason: Reason }),
  responses: { 200: { description: "Frozen", schema: StatusChanged } },
  errors: ["account_already_frozen", "idempotency_key_reused"],
});

export const adminUnfreeze = defineRoute({
  id: "credits.adminUnfreeze",
  method: "POST",
  path: "/api/admin/users/:userId/credits/unfreeze",
  roles: ["admin"],
  summary: "Let a frozen account be used again",
  tags: ["admin"],
  idempotencyKey: "required",
  params: adminParams,
  body: z.strictObject({ reason: Reason }),
  responses: { 200: { description: "Unfrozen", schema: StatusChanged } },
  errors: ["account_not_frozen", "idempotency_key_reused"],
});

const ApprovalStatus = z.enum(["pending", "approved", "rejected", "expired"]);

export const Approval = z
  .object({
    id: DecimalId,
    status: ApprovalStatus,
    operation: z.enum(["grant", "adjust", "refund", "package", "repair"]),
    userId: UserId,
    amount: Credits.meta({ description: "The most it may move, signed." }),
    kind: GrantKind.nullable().meta({ description: "Of a grant." }),
    priority: z.int().nullable().meta({ description: "Of a grant." }),
    grantExpiresAt: Timestamp.nullable().meta({ description: "When the grant itself would expire." }),
    refundedTransactionId: DecimalId.nullable().meta({ description: "Of a refund." }),
    code: z.string().nullable().meta({ description: "Of a package." }),
    reason: z.string(),
    proposedBy: z.string(),
    proposedAt: Timestamp,
    expiresAt: Timestamp.meta({ description: "Nobody can approve it from then on." }),
    decidedBy: z.string().nullable(),
    decidedAt: Timestamp.nullable(),
    decisionReason: z.string().nullable(),
    transactionId: DecimalId.nullable().meta({ description: "What an approved one did." }),
  })
  .meta({ id: "Approval" });

export const listApprovals = defineRoute({
  id: "credits.approvals",
  method: "GET",
  path: "/api/admin/approvals",
  roles: ["admin"],
  summary: "What waits, or waited, for a second admin; newest first",
  tags: ["admin"],
  query: z.strictObject({
    status: ApprovalStatus.optional(),
    userId: UserId.optional(),
    limit: PageLimit,
    cursor: Cursor.optional(),
  }),
  responses: { 200: { description: "A page", schema: page(Approval) } },
  errors: ["invalid_cursor"],
});

const approvalParams = z.strictObject({ approvalId: DecimalId });
const decisionBody = z.strictObject({ reason: Reason });

export const approveProposal = defineRoute({
  id: "credits.approve",
  method: "POST",
  path: "/api/admin/approvals/:approvalId/approve",
  roles: ["admin"],
  summary: "Do what another admin proposed, once. The same admin may repeat the call",
  tags: ["admin"],
  params: approvalParams,
  body: decisionBody,
  responses: { 200: { description: "Done; transactionId says what", schema: Approval } },
  errors: [
    "own_proposal",
    "approval_not_found",
    "approval_decided",
    "approval_expired",
    "approval_outdated",
    "insufficient_credits",
    ...refundErrors,
    "package_not_found",
    "package_inactive",
    "payment_reference_used",
  ],
});

export const rejectProposal = defineRoute({
  id: "credits.reject",
  method: "POST",
  path: "/api/admin/approvals/:approvalId/reject",
  roles: ["admin"],
  summary: "End a proposal without doing it; whoever proposed it takes it back like this",
  tags: ["admin"],
  params: approvalParams,
  body: decisionBody,
  responses: { 200: { description: "Ended", schema: Approval } },
  errors: ["approval_not_found", "approval_decided", "approval_expired"],
});

export const adminListPackages = defineRoute({
  id: "credits.adminPackages",
  method: "GET",
  path: "/api/admin/packages",
  roles: ["support", "admin"],
  summary: "Every package, those not on sale included",
  tags: ["admin"],
  responses: { 200: { description: "The packages", schema: z.object({ data: z.array(AdminPackage) }) } },
  errors: [],
});

export const adminGetPackage = defineRoute({
  id: "credits.adminGetPackage",
  method: "GET",
  path: "/api/admin/packages/:code",
  roles: ["support", "admin"],
  summary: "One package",
  tags: ["admin"],
  params: z.strictObject({ code: Code }),
  responses: { 200: { description: "The package; its version is the ETag", schema: AdminPackage } },
  errors: ["package_not_found"],
});

export const adminPutPackage = defineRoute({
  id: "credits.adminPutPackage",
  method: "PUT",
  path: "/api/admin/packages/:code",
  roles: ["admin"],
  summary: "Create or change a package. Credits already bought keep what they were bought with",
  tags: ["admin"],
  ifMatch: true,
  params: z.strictObject({ code: Code }),
  body: z.strictObject({
    name: z.string().trim().min(1).max(120).refine(isWellFormed, "must be well-formed Unicode"),
    credits: Amount,
    priceMinor: z.int().min(0).max(1_000_000_000).default(0),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, "must be an ISO 4217 code")
      .default("USD"),
    validDays: z.int().min(1).max(3_650).nullable().default(null),
    priority: z.int().min(0).max(1_000).default(50),
    requiresMembership: z.boolean().default(true),
    active: z.boolean().default(true),
    reason: Reason,
  }),
  responses: { 200: { description: "The package as it is now", schema: AdminPackage } },
  errors: ["precondition_failed"],
});
