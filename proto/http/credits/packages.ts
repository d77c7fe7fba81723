import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Amount, Code, DecimalId, isWellFormed, Reason, UserId } from "../common.ts";
import { Movement } from "./movement.ts";
import { ActsFor, Credits, READERS } from "./terms.ts";

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
