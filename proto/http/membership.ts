import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Code, Cursor, isWellFormed, PageLimit, page, Reason, Timestamp, UserId } from "./common.ts";

const Cycle = z.enum(["monthly", "yearly"]);
const STATUSES = ["none", "active", "cancelled", "expired", "ended"] as const;
const Status = z.enum(STATUSES).meta({
  description:
    "none: never a member; cancelled: the period ran out after a cancellation; expired: the agreed end came; ended: an admin ended it.",
});
const Credits = z.int().min(0).max(1_000_000_000);
const Version = z.int().min(0).meta({ description: "Rises by one with every change; send it as If-Match." });

// ---- what the answers are made of ----------------------------------------------------------------------------------

export const Membership = z
  .object({
    userId: UserId,
    tier: Code.nullable().meta({ description: "Null without an active membership." }),
    status: Status,
    cycle: Cycle.nullable(),
    startedAt: Timestamp.nullable().meta({ description: "The join day: periods are counted from here." }),
    currentPeriodStart: Timestamp.nullable(),
    currentPeriodEnd: Timestamp.nullable().meta({ description: "Exclusive. Renews here unless it ends." }),
    expiresAt: Timestamp.nullable().meta({ description: "The agreed end, if there is one. Exclusive." }),
    cancelAtPeriodEnd: z.boolean(),
    pendingTier: Code.nullable().meta({ description: "Takes over at currentPeriodEnd: a scheduled downgrade." }),
    pendingCycle: Cycle.nullable().meta({ description: "Takes over at currentPeriodEnd." }),
    monthlyCredits: Credits.nullable(),
    lastTier: Code.nullable().meta({ description: "The tier of the newest membership, even when that has ended." }),
    endedAt: Timestamp.nullable(),
    membershipId: z.string().nullable(),
    version: Version,
  })
  .meta({ id: "Membership" });

const terms = {
  monthlyCredits: Credits,
  rank: z.int().min(0).max(1_000_000).meta({ description: "A higher rank is an upgrade." }),
  anchor: z.enum(["calendar", "anniversary"]).meta({ description: "Allowance months: from the 1st, or the join day." }),
  firstPeriod: z.enum(["full", "prorated"]),
  rolloverCap: Credits.meta({ description: "Most unused credits that move into the next allowance period." }),
  onExpiry: z.enum(["keep", "forfeit"]).meta({ description: "What happens to the rest of the allowance at the end." }),
};

export const Tier = z
  .object({
    tier: Code,
    displayName: z.string(),
    ...terms,
    features: z.array(z.string()).meta({ description: "What it offers, in words for the catalogue." }),
    offered: z.boolean().meta({ description: "False: retired. Members keep it, nobody new may join." }),
    version: Version,
  })
  .meta({ id: "Tier" });

export const User = z
  .object({
    userId: UserId,
    email: z.string().nullable(),
    name: z.string().nullable(),
    tier: Code.nullable(),
    status: Status,
    cycle: Cycle.nullable(),
    startedAt: Timestamp.nullable(),
    currentPeriodEnd: Timestamp.nullable(),
    expiresAt: Timestamp.nullable(),
    cancelAtPeriodEnd: z.boolean(),
    pendingTier: Code.nullable(),
    monthlyCredits: Credits.nullable(),
    lastTier: Code.nullable(),
    endedAt: Timestamp.nullable(),
    membershipVersion: Version,
    balance: z
      .int()
      .meta({ description: "As the events of credits told it; balanceVersion says which state that is." }),
    held: z.int(),
    balanceVersion: z.int().min(0).meta({ description: "0: credits has not told of this account yet." }),
    accountStatus: z.enum(["active", "frozen"]),
    firstSeenAt: Timestamp,
  })
  .meta({ id: "User" });

/** One change of a membership, as it was told. */
export const MembershipChange = z
  .object({
    version: Version,
    change: z.string().meta({ description: "What happened.", examples: ["upgraded"] }),
    tier: Code.nullable().meta({ description: "Of the membership right after." }),
    status: Status,
    cycle: Cycle.nullable(),
    actor: z.string(),
    reason: z.string(),
    occurredAt: Timestamp,
  })
  .meta({ id: "MembershipChange" });

const oneMembership = { 200: { description: "The membership as it is now", schema: Membership } } as const;
const userParams = z.strictObject({ userId: UserId });
const tierParams = z.strictObject({ code: Code });

// ---- members -------------------------------------------------------------------------------------------------------

export const getMembership = defineRoute({
  id: "membership.get",
  method: "GET",
  path: "/api/membership",
  roles: ["user"],
  summary: "The caller's membership; tier is null for a non-member",
  tags: ["membership"],
  responses: oneMembership,
  errors: [],
});

export const listOfferedTiers = defineRoute({
  id: "membership.tiers",
  method: "GET",
  path: "/api/membership/tiers",
  roles: ["user", "support", "admin", "auditor", "service"],
  summary: "The tiers that can be joined, lowest rank first",
  tags: ["membership"],
  responses: { 200: { description: "The catalogue", schema: z.object({ data: z.array(Tier) }) } },
  errors: [],
});

const SelfServiceBody = z.strictObject({ reason: Reason.optional() });

export const cancelMembership = defineRoute({
  id: "membership.cancel",
  method: "POST",
  path: "/api/membership/cancel",
  roles: ["user"],
  summary: "Let the membership end with its period; again: no change",
  tags: ["membership"],
  ifMatch: true,
  body: SelfServiceBody,
  responses: oneMembership,
  errors: ["version_conflict", "transition_not_allowed"],
});

export const resumeMembership = defineRoute({
  id: "membership.resume",
  method: "POST",
  path: "/api/membership/resume",
  roles: ["user"],
  summary: "Take a cancellation back before it takes effect; again: no change",
  tags: ["membership"],
  ifMatch: true,
  body: SelfServiceBody,
  responses: oneMembership,
  errors: ["version_conflict", "transition_not_allowed"],
});

// ---- admins --------------------------------------------------------------------------------------------------------

export const listUsers = defineRoute({
  id: "users.list",
  method: "GET",
  path: "/api/admin/users",
  roles: ["support", "admin"],
  summary: "Users with membership and balance: newest first, or by the word that query found",
  tags: ["admin"],
  query: z.strictObject({
    query: z.string().trim().min(1).max(128).optional().meta({
      description: "The beginning of a user id, an e-mail address, its domain, a name or a word of a name.",
    }),
    tier: Code.optional().meta({ description: "Of the active membership, unless status names another one." }),
    status: Status.optional(),
    balanceMin: z.coerce.number().int().min(0).optional(),
    balanceMax: z.coerce.number().int().min(0).optional(),
    endsFrom: Timestamp.optional().meta({ description: "Memberships whose agreed end is at or after this." }),
    endsTo: Timestamp.optional().meta({ description: "Memberships whose agreed end is before this." }),
    limit: PageLimit,
    cursor: Cursor.optional(),
  }),
  responses: { 200: { description: "A page of users", schema: page(User) } },
  errors: ["invalid_cursor"],
});

export const getUser = defineRoute({
  id: "users.get",
  method: "GET",
  path: "/api/admin/users/:userId",
  roles: ["support", "admin"],
  summary: "One user with membership and balance",
  tags: ["admin"],
  params: userParams,
  responses: { 200: { description: "The user", schema: User } },
  errors: ["user_not_found"],
});

export const membershipHistory = defineRoute({
  id: "users.membership.history",
  method: "GET",
  path: "/api/admin/users/:userId/membership/history",
  roles: ["support", "admin"],
  summary: "Every change of a user's membership, newest first",
  tags: ["admin"],
  params: userParams,
  query: z.strictObject({ limit: PageLimit, cursor: Cursor.optional() }),
  responses: {
    200: { description: "A page; empty for somebody who was never a member", schema: page(MembershipChange) },
  },
  errors: ["user_not_found", "invalid_cursor"],
});

export const putMembership = defineRoute({
  id: "users.membership.set",
  method: "PUT",
  path: "/api/admin/users/:userId/membership",
  roles: ["admin"],
  summary: "Make the user a member, or change tier, cycle or end; the same again changes nothing",
  tags: ["admin"],
  params: userParams,
  ifMatch: true,
  body: z.strictObject({
    tier: Code,
    cycle: Cycle,
    expiresAt: Timestamp.nullable().optional().meta({
      description: "The agreed end, in the future. null: none. Left out: as it is (a new membership has none).",
    }),
    terms: z.enum(["keep", "latest"]).default("keep").meta({
      description: "A member of this tier keeps the terms agreed to, or agrees to the tier's terms of today.",
    }),
    reason: Reason,
  }),
  idempotencyKey: "optional",
  responses: oneMembership,
  errors: ["unknown_tier", "end_date_in_past", "idempotency_key_reused", "version_conflict", "tier_retired"],
});

export const deleteMembership = defineRoute({
  id: "users.membership.end",
  method: "DELETE",
  path: "/api/admin/users/:userId/membership",
  roles: ["admin"],
  summary: "End the membership at once",
  tags: ["admin"],
  params: userParams,
  ifMatch: true,
  body: z.strictObject({ reason: Reason }),
  idempotencyKey: "optional",
  responses: oneMembership,
  errors: ["idempotency_key_reused", "version_conflict", "transition_not_allowed"],
});

export const listTiers = defineRoute({
  id: "tiers.list",
  method: "GET",
  path: "/api/admin/tiers",
  roles: ["support", "admin"],
  summary: "Every tier, retired ones included, lowest rank first",
  tags: ["admin"],
  responses: { 200: { description: "The tiers", schema: z.object({ data: z.array(Tier) }) } },
  errors: [],
});

export const getTier = defineRoute({
  id: "tiers.get",
  method: "GET",
  path: "/api/admin/tiers/:code",
  roles: ["support", "admin"],
  summary: "One tier",
  tags: ["admin"],
  params: tierParams,
  responses: { 200: { description: "The tier", schema: Tier } },
  errors: ["tier_not_found"],
});

export const putTier = defineRoute({
  id: "tiers.set",
  method: "PUT",
  path: "/api/admin/tiers/:code",
  roles: ["admin"],
  summary: "Create a tier or change it; members keep the terms they agreed to",
  tags: ["admin"],
  params: tierParams,
  ifMatch: true,
  body: z.strictObject({
    monthlyCredits: Credits,
    displayName: z.string().trim().min(1).max(100).optional().meta({ description: "New tiers: the code." }),
    rank: terms.rank.optional().meta({ description: "New tiers: above all others." }),
    anchor: terms.anchor.optional(),
    firstPeriod: terms.firstPeriod.optional(),
    rolloverCap: terms.rolloverCap.optional(),
    onExpiry: terms.onExpiry.optional(),
    features: z.array(z.string().trim().min(1).max(200)).max(50).optional(),
    offered: z.boolean().optional(),
    reason: Reason,
  }),
  responses: {
    200: { description: "The tier was changed; what was left out stayed as it was", schema: Tier },
    201: { description: "The tier is new", schema: Tier },
  },
  errors: ["version_conflict"],
});

// ---- many at once --------------------------------------------------------------------------------------------------

const oneLine = /^\P{Cc}*$/u;
const Key = z.string().regex(/^[\x21-\x7e]{1,255}$/, "must be 1-255 visible ASCII characters");
const Words = z
  .string()
  .trim()
  .min(1)
  .regex(oneLine, "must not contain control characters")
  .refine(isWellFormed, "must be well-formed Unicode");

/** One item of a batch of users. Items are validated one by one: a bad one is answered as such and fails no other. */
export const BatchUser = z.strictObject({
  key: Key,
  userId: UserId,
  email: Words.max(320).optional(),
  name: Words.max(200).optional(),
  membership: z
    .strictObject({
      tier: Code,
      cycle: Cycle,
      startedAt: Timestamp.optional(),
      expiresAt: Timestamp.optional(),
    })
    .optional(),
});

const MOST_USERS = 500;
const batchTerms = {
  reason: Reason,
  dryRun: z.boolean().default(false).meta({ description: "Judge everything, keep nothing." }),
};

export const batchUsers = defineRoute({
  id: "users.batch",
  method: "POST",
  path: "/api/admin/users/batch",
  roles: ["admin"],
  summary: "Name users and set their memberships, up to 500; an outcome for each, in order",
  tags: ["admin"],
  bodyLimit: 1_048_576,
  body: z.strictObject({
    ...batchTerms,
    items: z.array(z.unknown()).min(1).max(MOST_USERS),
  }),
  documentedBody: z.strictObject({
    ...batchTerms,
    items: z.array(BatchUser).min(1).max(MOST_USERS).meta({
      description:
        "Each is judged by itself; a bad one fails no other. membership is judged as PUT …/membership would judge it; without it the user is named only. startedAt is the join day of a member who comes from another system: for a user's first membership only, not in the future. key is the item's idempotency key, 1-255 visible ASCII characters.",
    }),
  }),
  responses: {
    200: {
      description: "One result an item, in the order given",
      schema: z.object({
        results: z.array(
          z.looseObject({
            key: z.string().nullable(),
            status: z.int().meta({ description: "The HTTP status the single call would have answered." }),
            code: z.string().optional().meta({ description: "Of a refusal: the problem's code." }),
            replayed: z.boolean().optional().meta({ description: "Done before under this key." }),
            changed: z.boolean().optional().meta({ description: "False: it was so already." }),
            tier: Code.nullable().optional(),
            membershipStatus: Status.optional(),
            version: Version.optional(),
          }),
        ),
      }),
    },
  },
  errors: [
    "unknown_tier",
    "end_date_in_past",
    "start_date_in_future",
    "membership_exists",
    "idempotency_key_reused",
    "tier_retired",
  ],
});

// ---- inside the system ---------------------------------------------------------------------------------------------

export const seeUsers = defineRoute({
  id: "users.seen",
  method: "POST",
  path: "/internal/users/seen",
  roles: ["service"],
  summary: "Users that a valid token named; unknown ones are created, e-mail and name are kept",
  tags: ["internal"],
  body: z.strictObject({
    users: z
      .array(
        z.strictObject({
          userId: UserId,
          email: z.string().min(1).max(320).optional(),
          name: z.string().min(1).max(200).optional(),
        }),
      )
      .min(1)
      .max(500),
  }),
  bodyLimit: 262_144,
  responses: { 204: { description: "They are known now" } },
  errors: [],
});
