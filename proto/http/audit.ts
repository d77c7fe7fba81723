import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";

/** HTTP of the admin-audit service: search, export and proof of the log of privileged actions. */

const instant = z.iso
  .datetime({ offset: true })
  .meta({ description: "RFC 3339, any offset", example: "2026-01-31T00:00:00Z" });

/** Text of a filter, compared byte for byte. */
const exact = (max: number) => z.string().min(1).max(max);

const filters = {
  actor: exact(255).optional().meta({ description: "Who acted: a subject" }),
  action: exact(64).optional().meta({ description: "What was done", example: "credits.grant" }),
  target: exact(255).optional().meta({ description: "A bare user id or code" }),
  outcome: z.enum(["succeeded", "refused"]).optional(),
  ip: exact(64).optional(),
  reason: exact(200).optional().meta({ description: "Text that the reason contains; upper and lower case differ" }),
  from: instant.optional().meta({ description: "Not before; inclusive" }),
  to: instant.optional().meta({ description: "Before; exclusive" }),
};

export const AuditFilters = z.strictObject(filters);

export const AuditListQuery = z.strictObject({
  ...filters,
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().min(1).max(512).optional(),
});

/** JSON as it was recorded; when it is not valid JSON, the text. */
const state = z.unknown().meta({ description: "The state as the acting service recorded it; null: there was none" });

/** One place where `before` and `after` differ. */
export const AuditChange = z
  .object({
    path: z.string().meta({ description: "JSON Pointer (RFC 6901) to the value; empty: the whole state" }),
    kind: z.enum(["added", "removed", "changed"]),
    before: z.unknown().meta({ description: "Null when it was added" }),
    after: z.unknown().meta({ description: "Null when it was removed" }),
  })
  .meta({ id: "AuditChange" });

export const AuditEntry = z
  .object({
    id: z.string().meta({ description: "Unique for each action" }),
    seq: z.int().min(1).meta({ description: "Position in the chain, from 1, without gaps" }),
    service: z.string(),
    actor: z.string(),
    roles: z.array(z.string()),
    action: z.string(),
    target: z.string(),
    outcome: z.enum(["succeeded", "refused"]),
    reason: z.string(),
    before: state,
    after: state,
    changes: z.array(AuditChange).meta({
      description: "What is different between before and after, at most 200 places; for showing, not for proof",
    }),
    ip: z.string(),
    userAgent: z.string(),
    requestId: z.string(),
    traceId: z.string(),
    createdAt: z.iso.datetime().meta({ description: "When it was done" }),
    recordedAt: z.iso.datetime().meta({ description: "When the log took it in" }),
    prevHash: z.string(),
    hash: z.string().meta({ description: "SHA-256 over the row and the hash before it, hexadecimal" }),
  })
  .meta({ id: "AuditEntry" });

export const AuditPage = z
  .object({ data: z.array(AuditEntry), nextCursor: z.string().nullable() })
  .meta({ id: "AuditPage" });

export const AuditVerification = z
  .object({
    valid: z.boolean(),
    checked: z.int().min(0).meta({ description: "Rows read" }),
    firstBad: z
      .object({
        seq: z.int().min(1).meta({ description: "Position of the first bad row: where it is, or should be" }),
        id: z.string().nullable().meta({ description: "The action's id, when a row stands there" }),
        kind: z.enum(["edited", "missing", "unlinked", "tail_missing", "rewritten", "appended"]),
        detail: z.string(),
      })
      .nullable(),
    archivedUpTo: z
      .object({ seq: z.int().min(1), hash: z.string() })
      .nullable()
      .meta({ description: "The last row of the archive; what was before it is proved by the archive's files" }),
    head: z.object({ seq: z.int().min(0), hash: z.string() }).meta({ description: "The last row found in order" }),
    anchors: z
      .array(z.object({ source: z.string(), seq: z.int().min(0), hash: z.string() }))
      .meta({ description: "The heads the chain was held against" }),
  })
  .meta({ id: "AuditVerification" });

export type AuditChange = z.infer<typeof AuditChange>;
export type AuditEntry = z.infer<typeof AuditEntry>;
export type AuditVerification = z.infer<typeof AuditVerification>;

export const auditList = defineRoute({
  id: "audit.list",
  method: "GET",
  path: "/api/admin/audit",
  roles: ["auditor", "admin"],
  summary: "Search the log of privileged actions, newest first",
  tags: ["audit"],
  query: AuditListQuery,
  responses: { 200: { description: "A page of the log", schema: AuditPage } },
  errors: ["invalid_cursor"],
});

export const auditCsv = defineRoute({
  id: "audit.csv",
  method: "GET",
  path: "/api/admin/audit.csv",
  roles: ["auditor", "admin"],
  summary: "Export the log as CSV, oldest first",
  tags: ["audit"],
  query: AuditFilters,
  responses: { 200: { description: "RFC 4180, UTF-8, with a header row", contentType: "text/csv" } },
  errors: [],
});

export const auditJsonl = defineRoute({
  id: "audit.jsonl",
  method: "GET",
  path: "/api/admin/audit.jsonl",
  roles: ["auditor", "admin"],
  summary: "Export the log as JSON lines, oldest first; before and after are the exact texts",
  tags: ["audit"],
  query: AuditFilters,
  responses: {
    200: { description: "One JSON object a line, every field a text", contentType: "application/jsonl" },
  },
  errors: [],
});

export const auditVerify = defineRoute({
  id: "audit.verify",
  method: "GET",
  path: "/api/admin/audit/verify",
  roles: ["auditor", "admin"],
  summary: "Check every row of the chain, and its end against the anchors. A long check sends blanks before its JSON",
  tags: ["audit"],
  responses: {
    200: { description: "Whether the log is whole, and the first bad row if not", schema: AuditVerification },
  },
  errors: ["anchor_unavailable", "overloaded"],
});
