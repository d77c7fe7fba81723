import { ServiceUnavailable } from "@stipend/platform/errors/coded";
import type { OpeningOperation, OpeningResult } from "../domain/ledger/opening.ts";
import type { Audit, Keyed } from "../domain/ledger/operation.ts";
import type { UserId } from "../domain/ledger/terms.ts";
import { type MovedAllowance, servedElsewhere } from "../domain/opening.ts";
import type { Clock, Ledger } from "./ports.ts";

/** What one account brings from the system it comes from. */
export interface Opening extends Keyed {
  readonly userId: UserId;
  /** Everything the user has, whole credits; what is left of the allowance is part of it. */
  readonly balance: number;
  readonly allowance?: MovedAllowance | undefined;
}

export interface OpenAccounts {
  /** At most 500, each user once. */
  readonly openings: readonly Opening[];
  readonly actor: string;
  readonly reason: string;
  /** One for each row of the ledger. */
  readonly newAudit: () => Audit;
  readonly traceparent?: string | undefined;
  /** Judges everything and keeps nothing. */
  readonly dryRun: boolean;
}

export interface OpenAccountsPorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly timeZone: string;
}

export type OpeningOutcome = { readonly result: OpeningResult } | { readonly failure: unknown };

/** Carries the answers of a dry run out of the transaction that it ends. */
class KeepNothing extends Error {
  readonly results: readonly OpeningResult[];

  constructor(results: readonly OpeningResult[]) {
    super("a dry run keeps nothing");
    this.results = results;
  }
}

/**
 * Books the balances that accounts bring with them, all in one transaction. An opening that the database refuses fails
 * alone: the others are booked without it. The answer of an account is that of its last part.
 *
 * @throws ServiceUnavailable when the database is away or busy; what was booked before stays, and its key replays it.
 */
export async function openAccounts(ports: OpenAccountsPorts, command: OpenAccounts): Promise<OpeningOutcome[]> {
  if (command.openings.length === 0) return [];
  try {
    return (await book(ports, command)).map((result) => ({ result }));
  } catch (error) {
    if (error instanceof ServiceUnavailable) throw error;
    if (command.openings.length === 1) return [{ failure: error }];
    const half = Math.ceil(command.openings.length / 2);
    return [
      ...(await openAccounts(ports, { ...command, openings: command.openings.slice(0, half) })),
      ...(await openAccounts(ports, { ...command, openings: command.openings.slice(half) })),
    ];
  }
}

async function book({ ledger, clock, timeZone }: OpenAccountsPorts, command: OpenAccounts): Promise<OpeningResult[]> {
  const work = ledger.write("admin.open", async (session) => {
    const now = clock.now();
    const parts = command.openings.map((opening) => partsOf(opening, command, now, timeZone));
    const results = await session.openAccounts(now, parts.flat());
    const last = lastOfEach(parts, results);
    if (command.dryRun) throw new KeepNothing(last);
    return last;
  });
  return work.catch((error: unknown) => {
    if (error instanceof KeepNothing) return [...error.results];
    throw error;
  });
}

function partsOf(opening: Opening, command: OpenAccounts, now: Date, timeZone: string): OpeningOperation[] {
  const { userId, balance, allowance, requestKey, requestHash } = opening;
  const { actor, reason, traceparent } = command;
  // No key of a caller has a blank in it (see the contract).
  const allowanceKey = `allowance ${requestKey}`;
  const part = { userId, actor, reason, traceparent, requestHash };
  const lasting: OpeningOperation = {
    ...part,
    part: "balance",
    amount: balance - (allowance?.remaining ?? 0),
    requestKey,
    siblingKey: allowanceKey,
    audit: command.newAudit(),
  };
  if (allowance === undefined) return [lasting];
  const { period, months } = servedElsewhere(allowance, now, timeZone);
  const left: OpeningOperation = {
    ...part,
    part: "allowance",
    amount: allowance.remaining,
    requestKey: allowanceKey,
    siblingKey: requestKey,
    period,
    quota: allowance.monthlyCredits,
    ...(months.length === 0 ? {} : { months }),
    audit: command.newAudit(),
  };
  return lasting.amount > 0 ? [left, lasting] : [left];
}

function lastOfEach(
  parts: readonly (readonly OpeningOperation[])[],
  results: readonly OpeningResult[],
): OpeningResult[] {
  let end = 0;
  return parts.map((ofOne) => {
    end += ofOne.length;
    const result = results[end - 1];
    if (result === undefined) throw new Error("the ledger answered fewer openings than it was asked for");
    return result;
  });
}
