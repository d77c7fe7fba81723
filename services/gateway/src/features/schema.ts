import { z } from "zod";

const KB = 1_024;

/** "1.5s", "30s", "2m" → milliseconds. */
const duration = z
  .string()
  .regex(/^\d{1,6}(\.\d{1,3})?(ms|s|m)$/, "must be a time such as 500ms, 30s or 2m")
  .transform((text) => {
    const unit = text.endsWith("ms") ? 1 : text.endsWith("s") ? 1_000 : 60_000;
    return Math.round(Number.parseFloat(text) * unit);
  });

/** "16kB", "1MB", 4096 → bytes. */
const size = z
  .union([z.int(), z.string().regex(/^\d{1,6}(kB|MB)$/)], "must be a size such as 16kB, 1MB or a number of bytes")
  .transform((value) => {
    if (typeof value === "number") return value;
    return Number.parseInt(value, 10) * (value.endsWith("MB") ? KB * KB : KB);
  });

/** 200, "200-299" → a range of statuses. */
const statuses = z
  .array(z.union([z.int(), z.string()]))
  .max(50)
  .transform((entries, context) => entries.map((entry, index) => statusRange(entry, index, context)));

function statusRange(entry: number | string, index: number, context: z.RefinementCtx) {
  const match = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(String(entry));
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (match === null || to < from) {
    context.addIssue({
      code: "custom",
      path: [index],
      message: "must be a status such as 404 or a range such as 200-299",
    });
    return { from: 0, to: 0 };
  }
  return { from, to };
}

const amount = z.int("must be a whole number of credits").min(1, "must be at least 1").max(1_000_000);

const cost = z.union(
  [amount, z.strictObject({ upTo: amount, otherwise: z.int().min(0).max(1_000_000).optional() })],
  "must be a whole number of credits from 1 to 1000000, or {upTo: n, otherwise: n}",
);

const path = z
  .string()
  .regex(/^\/api(\/(:[A-Za-z]\w*|[\w.~-]+))+$/, "must be a path under /api/ of fixed segments and :parameters")
  .refine((text) => !RESERVED.some((prefix) => `${text}/`.startsWith(prefix)), "stands where Stipend's own routes are");

const RESERVED = ["/api/credits/", "/api/membership/", "/api/admin/", "/api/events/", "/api/dev/", "/api/docs/"];

const upstream = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const { protocol, search, hash, username } = new URL(text);
  return ["http:", "https:"].includes(protocol) && search === "" && hash === "" && username === "";
}, "must be an http or https URL without query or user (is its ${VARIABLE} set?)");

const feature = z
  .strictObject({
    id: z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, "must be 1-63 characters of a-z 0-9 _ -, a letter first"),
    summary: z.string().min(1).max(200),
    method: z.enum(["GET", "POST", "PUT", "DELETE"]).default("POST"),
    path,
    roles: z
      .array(z.enum(["user", "support", "admin", "auditor"]))
      .min(1)
      .default(["user"]),
    upstream,
    cost,
    reason: z.string().min(1).max(200),
    limit: z.int("must be a whole number of calls").min(1, "must be at least 1").max(1_000_000).optional(),
    timeout: duration.refine((ms) => ms >= 100 && ms <= 900_000, "must be from 100ms to 15m").default(30_000),
    answer: z.enum(["buffered", "streamed"]).default("buffered"),
    onDisconnect: z.enum(["release", "charge"]).optional(),
    charge: statuses.default([{ from: 200, to: 299 }]),
    passThrough: statuses.default([{ from: 400, to: 499 }]),
    requestLimit: size.refine((n) => n >= 0 && n <= 1_024 * KB * KB, "must be at most 1024MB").default(256 * KB),
    answerLimit: size.refine((n) => n >= 1 && n <= 64 * KB * KB, "must be at most 64MB").default(4 * KB * KB),
  })
  .refine((f) => typeof f.cost === "number" || f.cost.otherwise === undefined || f.cost.otherwise <= f.cost.upTo, {
    path: ["cost", "otherwise"],
    message: "must not be more than upTo",
  });

export const featuresFileSchema = z.strictObject({ version: z.literal(1), features: z.array(feature).max(1_000) });

export type FeaturesFileData = z.output<typeof featuresFileSchema>;
export type FeatureEntry = FeaturesFileData["features"][number];
