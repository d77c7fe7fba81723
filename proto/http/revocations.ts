import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Cursor, PageLimit, page, Reason, Timestamp, UserId } from "./common.ts";

/** Tokens that are refused before they expire. All times here are of the real clock, by which tokens are judged. */

const TokenId = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, "must be 1-128 printable ASCII characters without blanks")
  .meta({ description: "The token's claim jti.", examples: ["0f9c3a4e-7f0c-4b4e-9a68-0d5b3f6f7a11"] });

const Revocation = z
  .object({
    id: z.string(),
    userId: UserId.nullable().meta({ description: "Whose tokens, or null when one token was revoked." }),
    jti: TokenId.nullable().meta({ description: "Which token, or null when all of a user were." }),
    issuedUntil: Timestamp.meta({ description: "Of a user's tokens those issued (iat) by then are refused." }),
    standsUntil: Timestamp.meta({ description: "Every token concerned must have expired by then." }),
    reason: z.string(),
    actor: z.string(),
    revokedAt: Timestamp,
  })
  .meta({ id: "Revocation" });

export const revokeTokens = defineRoute({
  id: "tokens.revoke",
  method: "POST",
  path: "/api/admin/revocations",
  roles: ["admin", "service"],
  summary: "Refuse one token, or all that a user was given so far; every gateway knows within a second",
  tags: ["admin"],
  body: z
    .strictObject({
      userId: UserId.optional(),
      jti: TokenId.optional(),
      standsUntil: Timestamp.optional().meta({
        description:
          "How long it has to be remembered, at most 400 days: until the last token concerned has expired. Default: 30 days.",
      }),
      reason: Reason,
    })
    .refine(({ userId, jti }) => (userId === undefined) !== (jti === undefined), {
      message: "must have exactly one of userId, jti",
    }),
  responses: {
    200: { description: "It stands; the same again makes it last longer, never shorter", schema: Revocation },
  },
  errors: ["revocation_out_of_time", "revocations_full"],
});

export const listRevocations = defineRoute({
  id: "tokens.revocations",
  method: "GET",
  path: "/api/admin/revocations",
  roles: ["support", "admin", "auditor"],
  summary: "What is revoked and has not run out, newest first",
  tags: ["admin"],
  query: z.strictObject({ limit: PageLimit, cursor: Cursor.optional() }),
  responses: { 200: { description: "A page of revocations", schema: page(Revocation) } },
  errors: ["invalid_cursor"],
});

/** How the gateways hear of them: what came after the newest that a gateway knows. */
export const revocationNews = defineRoute({
  id: "tokens.news",
  method: "GET",
  path: "/internal/revocations",
  roles: ["service"],
  summary: "Revocations after a number, oldest first",
  tags: ["internal"],
  query: z.strictObject({ after: z.coerce.number().int().min(0), limit: z.coerce.number().int().min(1).max(2_000) }),
  responses: {
    200: {
      description: "`head` is the number of the newest of all; lower than `after` means that the database was set back",
      schema: z.object({
        head: z.int().min(0),
        data: z.array(
          z.object({
            seq: z.int().min(1),
            kind: z.enum(["user", "token"]),
            subject: z.string(),
            issuedUntil: Timestamp,
            standsUntil: Timestamp,
          }),
        ),
      }),
    },
  },
  errors: [],
});
