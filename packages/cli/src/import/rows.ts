import type { Call, Operation } from "@stipend/client/types";
import { OpeningItem } from "@stipend/proto/http/credits/openings";
import { BatchUser, type Tier } from "@stipend/proto/http/membership";
import { Temporal } from "temporal-polyfill";
import type { z } from "zod";
import type { CsvLine, Problem } from "./csv.ts";

export const COLUMNS = [
  "user_id",
  "email",
  "name",
  "tier",
  "cycle",
  "started_at",
  "expires_at",
  "balance",
  "allowance_remaining",
  "first_allowance",
] as const;
export const REQUIRED = ["user_id"] as const;

/** One item of a batch, as the API's document has it. */
type ItemOf<P extends "/api/admin/users/batch" | "/api/admin/credits/openings"> = Call<
  Operation<P, "post">
>["body"]["items"][number];

/** A line that can be imported: what membership is told of it, and what credits is. */
export interface ImportRow {
  readonly line: number;
  readonly userId: string;
  readonly person: ItemOf<"/api/admin/users/batch">;
  /** Absent where the line brings no credits and claims no month. */
  readonly opening: ItemOf<"/api/admin/credits/openings"> | undefined;
}

export interface RowContext {
  readonly tiers: ReadonlyMap<string, z.output<typeof Tier>>;
  /** Where a bare date is midnight. */
  readonly timeZone: string;
  /** The idempotency key of every line: it is scoped to the user, and a user stands in one line. */
  readonly key: string;
}

type Column = (typeof COLUMNS)[number];
type Fields = Readonly<Partial<Record<Column, string>>>;

/** Where in the requests a column goes, to name it when the contract refuses what it holds. */
const COLUMN_OF: Readonly<Record<string, Column>> = {
  userId: "user_id",
  email: "email",
  name: "name",
  "membership.tier": "tier",
  "membership.cycle": "cycle",
  "membership.startedAt": "started_at",
  "membership.expiresAt": "expires_at",
  balance: "balance",
  "allowance.remaining": "allowance_remaining",
};

/** Collects what is wrong with one line: all of it, not just the first thing. */
class Complaints {
  readonly found: Problem[] = [];
  readonly #line: number;
  readonly #userId: string | undefined;

  constructor(line: number, userId: string | undefined) {
    this.#line = line;
    this.#userId = userId;
  }

  add(column: Column, message: string, code = "validation_failed"): void {
    if (this.found.some((problem) => problem.column === column)) return;
    this.found.push({ line: this.#line, userId: this.#userId, column, code, message });
  }
}

/** The lines as rows, and everything that is wrong with the others. A user stands in one line. */
export function rowsOf(
  lines: readonly CsvLine[],
  context: RowContext,
): { readonly rows: readonly ImportRow[]; readonly problems: readonly Problem[] } {
  const rows: ImportRow[] = [];
  const problems: Problem[] = [];
  const firstLine = new Map<string, number>();
  for (const { line, fields } of lines) {
    const complaints = new Complaints(line, fields["user_id"]);
    const row = rowOf(line, fields, context, complaints);
    const before = row === undefined ? undefined : firstLine.get(row.userId);
    if (before !== undefined) complaints.add("user_id", `stands in line ${before} already`, "duplicate_user");
    problems.push(...complaints.found);
    if (row === undefined) continue;
    firstLine.set(row.userId, before ?? line);
    if (complaints.found.length === 0) rows.push(row);
  }
  return { rows, problems };
}

function rowOf(line: number, fields: Fields, context: RowContext, complaints: Complaints): ImportRow | undefined {
  if (fields.user_id === undefined) {
    complaints.add("user_id", "is empty");
    return undefined;
  }
  const startedAt = momentOf(fields, "started_at", context, complaints);
  const person = personOf(fields, startedAt, context, complaints);
  const opening = openingOf(fields, startedAt, context, complaints);
  accept(BatchUser.safeParse(person), complaints);
  if (opening !== undefined) accept(OpeningItem.safeParse(opening), complaints);
  return { line, userId: fields.user_id, person, opening };
}

function personOf(
  fields: Fields,
  startedAt: string | undefined,
  context: RowContext,
  complaints: Complaints,
): ImportRow["person"] {
  const { tier, email, name } = fields;
  const expiresAt = momentOf(fields, "expires_at", context, complaints);
  const person = {
    key: context.key,
    userId: fields.user_id ?? "",
    ...(email === undefined ? {} : { email }),
    ...(name === undefined ? {} : { name }),
  };
  if (tier === undefined) {
    for (const column of ["cycle", "started_at", "expires_at", "allowance_remaining", "first_allowance"] as const) {
      if (fields[column] !== undefined) complaints.add(column, "means something for a member only, and tier is empty");
    }
    return person;
  }
  const known = context.tiers.get(tier);
  if (known === undefined) {
    complaints.add(
      "tier",
      `there is no tier "${tier}"; there are ${[...context.tiers.keys()].join(", ")}`,
      "unknown_tier",
    );
  }
  return {
    ...person,
    membership: {
      tier,
      // A wrong word is refused by the contract, which names the right ones.
      cycle: (fields.cycle ?? "monthly") as "monthly" | "yearly",
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    },
  };
}

function openingOf(
  fields: Fields,
  startedAt: string | undefined,
  context: RowContext,
  complaints: Complaints,
): ImportRow["opening"] {
  const balance = creditsOf(fields, "balance", complaints);
  const remaining = creditsOf(fields, "allowance_remaining", complaints);
  const opening = { key: context.key, userId: fields.user_id ?? "", balance: balance ?? remaining ?? 0 };
  const tier = context.tiers.get(fields.tier ?? "");
  if (tier === undefined || isDue(fields, complaints)) return balance === undefined ? undefined : opening;
  const most = tier.monthlyCredits + tier.rolloverCap;
  if ((remaining ?? 0) > most) {
    complaints.add(
      "allowance_remaining",
      `is more than the ${most} that a month of ${tier.tier} can hold: the rest belongs to balance alone`,
    );
  }
  const anchored = fields.cycle === "yearly" || tier.anchor === "anniversary";
  if (anchored && startedAt === undefined) {
    complaints.add("started_at", "is needed: the months of this membership are counted from its join day");
  }
  return {
    ...opening,
    allowance: {
      remaining: remaining ?? 0,
      monthlyCredits: tier.monthlyCredits,
      cycle: fields.cycle === "yearly" ? "yearly" : "monthly",
      anchor: tier.anchor,
      ...(startedAt === undefined ? {} : { startedAt }),
    },
  };
}

/** Whether the member is still to be given this month's allowance: yes where the line says nothing of credits. */
function isDue(fields: Fields, complaints: Complaints): boolean {
  const { first_allowance: said, balance, allowance_remaining: remaining } = fields;
  if (said === undefined) return balance === undefined && remaining === undefined;
  if (said !== "due" && said !== "given") complaints.add("first_allowance", 'must be "due", "given" or empty');
  if (said === "due" && remaining !== undefined) {
    complaints.add(
      "first_allowance",
      '"due" and allowance_remaining contradict each other: a month that is due has not been spent from',
    );
  }
  return said === "due";
}

function creditsOf(
  fields: Fields,
  column: "balance" | "allowance_remaining",
  complaints: Complaints,
): number | undefined {
  const text = fields[column];
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  complaints.add(column, `must be a whole number of credits, not "${text.slice(0, 40)}"`);
  return undefined;
}

/** "2026-03-17" is midnight of that day in the business time zone; a timestamp says its own zone. */
function momentOf(
  fields: Fields,
  column: "started_at" | "expires_at",
  { timeZone }: RowContext,
  complaints: Complaints,
): string | undefined {
  const text = fields[column];
  if (text === undefined) return undefined;
  try {
    const moment = /^\d{4}-\d{2}-\d{2}$/.test(text)
      ? Temporal.PlainDate.from(text).toZonedDateTime({ timeZone }).epochMilliseconds
      : Temporal.Instant.from(text.replace(" ", "T")).epochMilliseconds;
    return new Date(moment).toISOString();
  } catch {
    complaints.add(column, `must be a date such as 2026-03-17 or a timestamp with a zone, not "${text.slice(0, 40)}"`);
    return undefined;
  }
}

function accept(parsed: { success: boolean; error?: z.ZodError }, complaints: Complaints): void {
  for (const issue of parsed.error?.issues ?? []) {
    complaints.add(COLUMN_OF[issue.path.join(".")] ?? "user_id", issue.message);
  }
}
