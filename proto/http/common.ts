import { z } from "zod";

/** 1–128 characters of A–Z a–z 0–9 . _ @ | : - ; compared byte for byte. */
export const UserId = z
  .string()
  .regex(/^[A-Za-z0-9._@|:-]{1,128}$/, "must be 1-128 characters of A-Z a-z 0-9 . _ @ | : -")
  .meta({ description: "A user id, compared byte for byte.", examples: ["alice"] });

/** Whole credits, 1 to 1,000,000: the most that one operation moves. */
export const Amount = z
  .int("must be a whole number of credits")
  .min(1, "must be at least 1")
  .max(1_000_000, "must be at most 1,000,000")
  .meta({ description: "Whole credits.", examples: [1] });

/** Half of a surrogate pair is no character: databases refuse it, and with it whatever is sent along. */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

/** Why something was done, for people: 1 to 255 characters on one line. */
export const Reason = z
  .string()
  .trim()
  .min(1, "must not be empty")
  .max(255)
  .regex(/^\P{Cc}*$/u, "must not contain control characters")
  .refine(isWellFormed, "must be well-formed Unicode")
  .meta({ description: "Why, in words that the account's owner may read.", examples: ["rewrite of a paragraph"] });

/** RFC 3339 with a zone: "2026-01-31T00:00:00.000Z". */
export const Timestamp = z.iso
  .datetime({ offset: true })
  .meta({ description: "RFC 3339, with Z or an offset.", examples: ["2026-02-01T00:00:00.000Z"] });

/** A BIGINT id in decimal digits. */
export const DecimalId = z
  .string()
  .regex(/^[1-9]\d{0,17}$/, "must be an id as this API gave it")
  .meta({ examples: ["1042"] });

/** Codes that operators choose: tiers, packages. */
export const Code = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "must be 1-64 characters of a-z 0-9 _ -")
  .meta({ examples: ["starter-100"] });

/** `limit` of a list: 1 to 100, 50 when left out. */
export const PageLimit = z.coerce.number().int().min(1).max(100).default(50);
export const Cursor = z.string().min(1).max(512).meta({ description: "nextCursor of the page before." });

/** The answer of every list, newest first. */
export function page<const T extends z.ZodType>(item: T) {
  return z.object({
    data: z.array(item),
    nextCursor: z.string().nullable().meta({ description: "Null on the last page." }),
  });
}
