/** What credits says of one account: one read of the account and the check of its own books. */
export interface CreditsSide {
  readonly userId: string;
  readonly version: number;
  readonly balance: number;
  readonly held: number;
  /** active, frozen */
  readonly status: string;
  /** What is wrong inside the books, as codes; empty: they add up. */
  readonly problems: readonly string[];
}

/** What the status view of membership shows for the same user. */
export interface ViewSide {
  readonly userId: string;
  readonly balance: number;
  readonly held: number;
  /** The account version of the event it was told by. */
  readonly balanceVersion: number;
}

export type Result = "equal" | "lagging" | "different";

export interface Comparison {
  readonly credits: CreditsSide;
  /** null: the view does not know the user. */
  readonly view: ViewSide | null;
  readonly result: Result;
  /** Why they differ, as codes. */
  readonly problems: readonly string[];
  readonly booksAreSound: boolean;
  /** What credits would do about its books; null: they are sound, or it could not say. */
  readonly plan: BooksPlan | null;
}

/** What credits would do with an account whose books do not agree, as it tells it. */
export interface BooksPlan {
  /** Names the difference; it stays while the account moves on and the difference does not. */
  readonly proposal: string;
  readonly version: number;
  readonly [more: string]: unknown;
}

/**
 * Compares at the same version only. A view at a lower version is behind, not wrong: events are on their way.
 *
 * @param credits must have been read after the view when the view is ahead; read before it, the account may simply
 * have moved on in between.
 */
export function compare(credits: CreditsSide, view: ViewSide | null): Comparison {
  const booksAreSound = credits.problems.length === 0;
  const viewProblems = problemsOfView(credits, view);
  const problems = [...credits.problems, ...viewProblems];
  const behind = (view?.balanceVersion ?? 0) < credits.version;
  const result: Result = problems.length > 0 ? "different" : behind ? "lagging" : "equal";
  return { credits, view, result, problems, booksAreSound, plan: null };
}

/**
 * What an admin can have done about it with one call. `refresh_view`: the books are sound, and membership takes over what
 * they say. `repair_books`: credits makes the account agree with its ledger, by a row that says so.
 */
export type RepairAction = "refresh_view" | "repair_books";

export interface ProposedRepair {
  readonly action: RepairAction;
  /** Names the difference. */
  readonly proposal: string;
  readonly plan: BooksPlan | null;
}

/** null: nothing differs, or credits could not say what it would do. */
export function proposedRepair({ credits, view, result, booksAreSound, plan }: Comparison): ProposedRepair | null {
  if (result === "equal") return null;
  if (!booksAreSound) return plan === null ? null : { action: "repair_books", proposal: plan.proposal, plan };
  const {
    version = 0,
    balance = 0,
    held = 0,
  } = view === null ? {} : { version: view.balanceVersion, balance: view.balance, held: view.held };
  // A view that differs goes by its distance, as an account that moves on takes it along.
  const apart = [credits.version - version, credits.balance - balance, credits.held - held];
  return { action: "refresh_view", proposal: `view:${apart.join(":")}`, plan: null };
}

/** A view ahead of the books that were read before it proves nothing: read the books again. */
export function needsSecondLook(credits: CreditsSide, view: ViewSide | null): boolean {
  return view !== null && view.balanceVersion > credits.version;
}

function problemsOfView(credits: CreditsSide, view: ViewSide | null): string[] {
  if (view === null) return [];
  if (view.balanceVersion > credits.version) return ["view_ahead"];
  if (view.balanceVersion < credits.version) return [];
  const problems: string[] = [];
  if (view.balance !== credits.balance) problems.push("view_balance");
  if (view.held !== credits.held) problems.push("view_held");
  return problems;
}
