/** Every word the components show. `{name}` is filled in; numbers and dates come formatted for the locale. */
export interface Texts {
  readonly unit: string;
  readonly loading: string;
  readonly unavailable: string;
  readonly signedOut: string;
  readonly frozen: string;
  readonly offline: string;
  readonly retry: string;
  readonly allowance: string;
  /** {remaining} {total} */
  readonly left: string;
  readonly noAllowance: string;
  /** {date} */
  readonly nextReset: string;
  /** {count} */
  readonly others: string;
  readonly notMember: string;
  readonly join: string;
  readonly monthly: string;
  readonly yearly: string;
  /** {count} */
  readonly perMonth: string;
  /** {date} */
  readonly renews: string;
  /** {date} */
  readonly ends: string;
  /** {tier} {date} */
  readonly changes: string;
  readonly cancel: string;
  readonly resume: string;
  readonly noHistory: string;
  readonly more: string;
  readonly short: string;
  /** {required} {available} {shortfall} */
  readonly shortBy: string;
  /** {count} */
  readonly buy: string;
  readonly upgrade: string;
  readonly dismiss: string;
  /** Types of transactions, by their names in the API. */
  readonly consume: string;
  readonly refund: string;
  readonly grant: string;
  readonly reset: string;
  readonly expire: string;
  readonly hold: string;
  readonly release: string;
  readonly adjust: string;
  readonly freeze: string;
  readonly unfreeze: string;
}

export const en: Texts = {
  unit: "credits",
  loading: "Loading …",
  unavailable: "Not available",
  signedOut: "Signed out",
  frozen: "frozen",
  offline: "not connected",
  retry: "Try again",
  allowance: "Monthly allowance",
  left: "{remaining} of {total} left",
  noAllowance: "No monthly allowance",
  nextReset: "Next reset {date}",
  others: "{count} more besides",
  notMember: "Not a member",
  join: "Become a member",
  monthly: "monthly",
  yearly: "yearly",
  perMonth: "{count} credits a month",
  renews: "Renews {date}",
  ends: "Ends {date}",
  changes: "{tier} from {date}",
  cancel: "Cancel membership",
  resume: "Keep membership",
  noHistory: "Nothing yet",
  more: "Show more",
  short: "Not enough credits",
  shortBy: "{required} are needed, {available} are left: {shortfall} are missing.",
  buy: "Get {count} credits",
  upgrade: "See memberships",
  dismiss: "Not now",
  consume: "Spent",
  refund: "Refunded",
  grant: "Added",
  reset: "Monthly reset",
  expire: "Expired",
  hold: "Reserved",
  release: "Released",
  adjust: "Adjusted",
  freeze: "Frozen",
  unfreeze: "Unfrozen",
};
