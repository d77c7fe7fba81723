import type { CreditPackage } from "./ledger/packages.ts";

/** What somebody without enough credits can do about it. */
export type Option =
  | {
      readonly action: "top_up";
      readonly packages: readonly { readonly code: string; readonly credits: number }[];
      readonly href: string;
    }
  | { readonly action: "upgrade"; readonly currentTier: string | null; readonly href: string };

/** More than these help nobody choose. */
const MOST_PACKAGES = 5;

/**
 * Packages that this account may buy, the smallest that covers the shortfall first; and a membership or a higher
 * tier, which always is a way.
 */
export function waysToGetCredits(
  shortfall: number,
  packages: readonly CreditPackage[],
  tier: string | null,
): readonly Option[] {
  const offered = packages
    .filter((offer) => offer.active && (tier !== null || !offer.requiresMembership))
    .sort((a, b) => Number(b.credits >= shortfall) - Number(a.credits >= shortfall) || a.credits - b.credits)
    .slice(0, MOST_PACKAGES)
    .map(({ code, credits }) => ({ code, credits }));
  return [
    { action: "top_up", packages: offered, href: "/api/credits/packages" },
    { action: "upgrade", currentTier: tier, href: "/api/membership/tiers" },
  ];
}
