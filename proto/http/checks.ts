import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Reason } from "./common.ts";

/**
 * The internal, read-only check routes of credits and membership. Only the monitor calls them; the gateway never
 * routes to `/internal`.
 */

const userId = z.string().min(1).max(128);

/** Up to 500 named accounts, or a page of all accounts in byte order of the user id. */
export const CreditsCheckRequest = z.strictObject({
  userIds: z.array(userId).min(1).max(500).optional(),
  after: userId.optional(),
  limit: z.int().min(1).max(500).optional(),
});

export const CreditsCheckItem = z.object({
  userId,
  /** Version, balance and held come from one read. */
  version: z.int().min(0),
  balance: z.int(),
  held: z.int(),
  status: z.string(),
  /** What is wrong inside the account's own books, as codes of CheckCreditsSync; empty: sound. */
  problems: z.array(z.string()),
});

export const CreditsCheckResponse = z.object({
  data: z.array(CreditsCheckItem),
  /** Give this as `after` for the next page; null: this was the last one. */
  nextAfter: userId.nullable(),
});

export const MembershipCheckRequest = z.strictObject({ userIds: z.array(userId).min(1).max(500) });

export const MembershipCheckItem = z.object({
  userId,
  /** What the status view shows, and the account version it was told by. */
  balance: z.int(),
  held: z.int(),
  balanceVersion: z.int().min(0),
  tier: z.string().nullable(),
  status: z.string().nullable(),
  membershipVersion: z.int().min(0),
});

/** Users the view does not know are absent. */
export const MembershipCheckResponse = z.object({ data: z.array(MembershipCheckItem) });

const side = { version: z.int().min(0), balance: z.int(), held: z.int() };

export const ViewRepairRequest = z.strictObject({
  userId,
  /** What credits says now. */
  credits: z.strictObject({ ...side, status: z.enum(["active", "frozen"]) }),
  /** What the view showed when they were compared. */
  seen: z.strictObject(side),
  reason: Reason,
});

export const ViewRepairResponse = z.object({
  userId,
  outcome: z.enum(["repaired", "changed_meanwhile", "unknown_user"]),
});

/** Credits from one figure to another. */
const FromTo = z.object({ from: z.int(), to: z.int() });
const accountStatus = z.enum(["active", "frozen"]);

/** What credits would do with an account whose books do not agree. */
export const RepairPlan = z
  .object({
    proposal: z.string().max(64).meta({ description: "Names the difference; it stays while the account moves on." }),
    version: z.int().min(0).meta({ description: "Of the account when it was planned." }),
    restates: z
      .boolean()
      .meta({ description: "The ledger itself is damaged: the row that tells of the repair is an opening balance." }),
    found: z
      .object({
        version: z.int(),
        balance: z.int(),
        held: z.int(),
        status: accountStatus,
        allowance: z.int(),
        grants: z.int(),
        reserved: z.int(),
        holds: z.int(),
      })
      .meta({ description: "What stands in the account, and the sums over its grants and open holds." }),
    told: z.object({ balance: z.int(), held: z.int() }).meta({ description: "What the customer was told last." }),
    newestRow: z.object({ version: z.int(), balance: z.int() }),
    after: z.object({ balance: z.int(), held: z.int(), status: accountStatus, allowance: z.int() }),
    newGrant: z.int().min(0).meta({ description: "Credits of a new grant, for what no grant holds." }),
    grantsChanged: z.int().min(0),
    grants: z
      .array(z.object({ id: z.string(), kind: z.string(), remaining: FromTo, reserved: FromTo }))
      .meta({ description: "At most 20." }),
    holdsChanged: z.int().min(0),
    holds: z
      .array(
        z.object({ id: z.string(), action: z.enum(["reopened", "closed", "restored", "released"]), amount: z.int() }),
      )
      .meta({ description: "At most 20." }),
  })
  .meta({ id: "RepairPlan" });

export const RepairPlansRequest = z.strictObject({ userIds: z.array(userId).min(1).max(100) });

/** Accounts with nothing to repair are absent. */
export const RepairPlansResponse = z.object({ data: z.array(RepairPlan.extend({ userId })) });

export const BooksRepairRequest = z.strictObject({
  userId,
  /** Of the plan that shall be carried out. */
  proposal: z.string().min(1).max(64),
  /** Names this request: sent again, it is the same one. */
  key: z.string().min(1).max(200),
  reason: Reason,
});

export const BooksRepairResponse = z.object({
  userId,
  /** waits: it changes more than one admin alone may. impossible: something would still differ; nothing was done. */
  outcome: z.enum(["repaired", "waits", "nothing_to_repair", "proposal_outdated", "impossible"]),
  transactionId: z.string().nullable(),
  approvalId: z.string().nullable(),
});

export type RepairPlan = z.infer<typeof RepairPlan>;
export type BooksRepairRequest = z.infer<typeof BooksRepairRequest>;
export type BooksRepairResponse = z.infer<typeof BooksRepairResponse>;
export type CreditsCheckItem = z.infer<typeof CreditsCheckItem>;
export type MembershipCheckItem = z.infer<typeof MembershipCheckItem>;

export const creditsCheck = defineRoute({
  id: "credits.check",
  method: "POST",
  path: "/internal/check",
  roles: ["service"],
  summary: "Accounts with what their own books say about them",
  tags: ["internal"],
  body: CreditsCheckRequest,
  bodyLimit: 65_536 * 2,
  responses: { 200: { description: "The accounts, ordered by user id", schema: CreditsCheckResponse } },
  errors: [],
});

export const membershipCheck = defineRoute({
  id: "membership.check",
  method: "POST",
  path: "/internal/check",
  roles: ["service"],
  summary: "Users as the status view shows them",
  tags: ["internal"],
  body: MembershipCheckRequest,
  bodyLimit: 65_536 * 2,
  responses: { 200: { description: "The users the view knows", schema: MembershipCheckResponse } },
  errors: [],
});

export const repairPlans = defineRoute({
  id: "credits.books.plans",
  method: "POST",
  path: "/internal/repair-plans",
  roles: ["service"],
  summary: "What a repair of these accounts' books would do; changes nothing",
  tags: ["internal"],
  body: RepairPlansRequest,
  responses: { 200: { description: "A plan for each account that differs", schema: RepairPlansResponse } },
  errors: [],
});

/** An admin's act, by the monitor, as viewRepair. */
export const booksRepair = defineRoute({
  id: "credits.books.repair",
  method: "POST",
  path: "/internal/repair-books",
  roles: ["admin"],
  summary: "Make an account agree with its ledger, and tell of it by a row",
  tags: ["internal"],
  body: BooksRepairRequest,
  responses: { 200: { description: "Whether it was done", schema: BooksRepairResponse } },
  errors: [],
});

/** An admin's act, by the monitor: the admin stands in the headers that an internal caller vouches for. */
export const viewRepair = defineRoute({
  id: "membership.view.repair",
  method: "POST",
  path: "/internal/repair-view",
  roles: ["admin"],
  summary: "Set what the status view shows of one account to what credits says",
  tags: ["internal"],
  body: ViewRepairRequest,
  responses: { 200: { description: "Whether it was done", schema: ViewRepairResponse } },
  errors: [],
});

export const OutboxStateResponse = z.object({
  /** Events not published yet, those set aside included; counted up to 10,000 rows of the outbox. */
  pending: z.int().min(0),
  /** Events that can't be published. */
  failed: z.int().min(0),
  /** When the oldest of them happened; null: there is none. */
  oldestAt: z.iso.datetime().nullable(),
});

function outboxRoute<const Id extends string>(id: Id) {
  return defineRoute({
    id,
    method: "GET",
    path: "/internal/outbox",
    roles: ["service"],
    summary: "How far the outbox of this service is behind",
    tags: ["internal"],
    responses: { 200: { description: "What waits", schema: OutboxStateResponse } },
    errors: [],
  });
}

export const creditsOutbox = outboxRoute("credits.outbox");
export const membershipOutbox = outboxRoute("membership.outbox");
export const auditOutbox = outboxRoute("audit.outbox");
