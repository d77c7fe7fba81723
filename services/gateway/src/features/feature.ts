import type { Role } from "@stipend/platform/http/contract";

/** A half-open statement "200–299" as the file wrote it, ready to ask. */
export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

export type FeatureCost =
  | { readonly kind: "fixed"; readonly amount: number }
  /** `upTo` is held; the upstream's header Stipend-Cost says what is captured of it, of a stream also a trailer. */
  | { readonly kind: "reported"; readonly upTo: number; readonly otherwise: number | undefined };

/** One metered feature: an address of the gateway that costs credits and is answered by an upstream. */
export interface Feature {
  readonly id: string;
  readonly summary: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly roles: readonly Role[];
  /** Origin of the upstream, and the path there with :parameters of `path`. */
  readonly upstream: { readonly origin: string; readonly path: string };
  readonly cost: FeatureCost;
  /** Stands in the user's history. */
  readonly reason: string;
  /** Calls a window that one user may make; undefined: as many as of everything else. */
  readonly limit: number | undefined;
  /** From the hold to the last byte of the upstream's answer, the upload of the request's body included. */
  readonly timeoutMs: number;
  readonly answer: "buffered" | "streamed";
  /** When the client goes away in the middle: give the credits back, or let the call finish and charge it. */
  readonly onDisconnect: "release" | "charge";
  /** Statuses that are a served call. */
  readonly charge: readonly StatusRange[];
  /** Statuses that are handed to the client uncharged; all others are a failure of the feature. */
  readonly passThrough: readonly StatusRange[];
  /** Bytes of the request's body. */
  readonly requestLimit: number;
  /** Bytes of a buffered answer. */
  readonly answerLimit: number;
}

export type Verdict = "charge" | "pass_through" | "failure";

export function judgeStatus(feature: Pick<Feature, "charge" | "passThrough">, status: number): Verdict {
  if (within(feature.charge, status)) return "charge";
  return within(feature.passThrough, status) ? "pass_through" : "failure";
}

function within(ranges: readonly StatusRange[], status: number): boolean {
  return ranges.some(({ from, to }) => status >= from && status <= to);
}

/** What is reserved before the upstream is called. */
export function heldAmount(cost: FeatureCost): number {
  return cost.kind === "fixed" ? cost.amount : cost.upTo;
}

/**
 * What the served call costs, or undefined when the upstream should have said and did not. Never more than was held.
 *
 * @param header the value of Stipend-Cost in the upstream's answer, or in its trailers.
 */
export function chargedAmount(cost: FeatureCost, header: string | readonly string[] | undefined): number | undefined {
  if (cost.kind === "fixed") return cost.amount;
  if (header === undefined) return cost.otherwise;
  if (typeof header !== "string" || !/^\d{1,7}$/.test(header)) return undefined;
  return Math.min(Number(header), cost.upTo);
}
