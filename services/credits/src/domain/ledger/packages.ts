// SetPackages and PurchasePackages.
import type { Audit, Keyed, Origin } from "./operation.ts";
import type { Done, Invalid, KeyReused, NotFound, Refused, ResetDue } from "./outcomes.ts";
import type { UserId } from "./terms.ts";

export interface CreditPackage {
  readonly code: string;
  readonly name: string;
  readonly credits: number;
  /** In the smallest unit of the currency; information for the buyer's page only. */
  readonly priceMinor: number;
  readonly currency: string;
  /** Days until the credits expire; null = never. */
  readonly validDays: number | null;
  readonly priority: number;
  readonly requiresMembership: boolean;
  readonly active: boolean;
  readonly version: number;
}

export interface SetPackageOperation extends Omit<CreditPackage, "version"> {
  readonly actor: string;
  readonly traceparent?: string | undefined;
  readonly audit?: Audit | undefined;
  /** If-Match: refuse unless the stored version is this one (0 = must be new). */
  readonly expectedVersion?: number | undefined;
}

export type SetPackageResult =
  | { readonly outcome: "ok" | "unchanged"; readonly package: CreditPackage }
  | { readonly outcome: "version_conflict"; readonly package: CreditPackage | null }
  | { readonly outcome: "invalid"; readonly package: null };

export interface PurchaseOperation extends Origin, Keyed {
  readonly userId: UserId;
  readonly code: string;
  /** One grant for each, over all accounts and for ever. 1 to 191 visible ASCII characters. An admin's gift: its idempotency key. */
  readonly paymentReference: string;
  /** Skip the rule that the buyer must be an active member (admin only). */
  readonly membershipNotRequired?: boolean | undefined;
}

export type PurchaseResult =
  /** `replayed` also when the same account buys the same package with the same reference under another key. */
  | Done
  | KeyReused
  | Invalid
  | NotFound<"package_not_found">
  | Refused<"package_inactive">
  | Refused<"membership_required">
  /** Taken by another account or another package. */
  | Refused<"payment_reference_used">
  | ResetDue;
