import { z } from "zod";

/**
 * What a problem tells besides the members that every problem has, by its code. A code that is not listed may have
 * members too, for people; a program can count on these.
 */

const Credits = z.int();

const PackageOffer = z.object({ code: z.string(), credits: Credits });

/** A way out of too few credits. */
const WayOut = z.discriminatedUnion("action", [
  z.object({ action: z.literal("top_up"), packages: z.array(PackageOffer), href: z.string() }),
  z.object({ action: z.literal("upgrade"), currentTier: z.string().nullable(), href: z.string() }),
]);

const FieldError = z.object({
  field: z.string().meta({ description: "JSON pointer; empty: the whole value.", examples: ["/operations/3/amount"] }),
  in: z.enum(["params", "query", "body", "headers"]).optional(),
  message: z.string(),
});

export const problemDetails = {
  insufficient_credits: z.object({
    required: Credits,
    available: Credits,
    shortfall: Credits.meta({ description: "required − available." }),
    options: z.array(WayOut).meta({ description: "What can be done about it." }),
  }),
  validation_failed: z.object({
    errors: z.array(FieldError).optional().meta({ description: "At most 50. Left out where no single field is it." }),
  }),
  refund_exceeds_original: z.object({ refundable: Credits.meta({ description: "What is left to give back." }) }),
  hold_ended: z.object({ holdId: z.string(), holdStatus: z.enum(["captured", "released", "expired"]) }),
  capture_exceeds_hold: z.object({ held: Credits.meta({ description: "What the hold reserved." }) }),
  unknown_tier: z.object({ tiers: z.array(z.string()) }),
  tier_not_found: z.object({ tiers: z.array(z.string()) }),
  version_conflict: z.object({
    currentVersion: z.int().meta({ description: "Read it anew, and send this as If-Match." }),
  }),
  transition_not_allowed: z.object({ state: z.string(), allowed: z.array(z.string()), currentVersion: z.int() }),
} as const;

/** "hold_ended" → "HoldEndedDetails": what these members are called in the document; undefined where none are promised. */
export function detailsName(code: string): string | undefined {
  if (!Object.hasOwn(problemDetails, code)) return undefined;
  return `${code.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Details`;
}
