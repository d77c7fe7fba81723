// The words that every contract of the ledger uses.
import { z } from "zod";
import { isWellFormed, UserId } from "../common.ts";

export const TRANSACTION_TYPES = [
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

export const AccountStatus = z.enum(["active", "frozen"]);

export const Feature = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/, "must be 1-64 characters of A-Z a-z 0-9 . _ : / -")
  .meta({ description: "The product feature that spends.", examples: ["rewrite"] });

/** Kept with the ledger row; at most 2 kB as JSON. */
export const Metadata = z
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
export const ActsFor = UserId.optional().meta({ description: "Whose account. Left out: the caller's own." });

export const Credits = z.int();

export const Version = z.int().min(0).meta({ description: "Rises by one with every change of the account." });

export const READERS = ["user", "service", "support", "admin"] as const;
