import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REPO_ROOT } from "@stipend/local/repo";
import { Account } from "@stipend/proto/http/credits/account";
import { eventually } from "@stipend/testing/eventually";
import { expect } from "vitest";
import { expectBody } from "./client.ts";
import { type Started, startProgram } from "./npm.ts";
import { accountOf, type People } from "./people.ts";
import { Transactions } from "./shapes.ts";

/** A user of the file: what it says of them, and so what the system has to hold when the import is done. */
export interface Mover {
  readonly userId: string;
  /** Empty: no member. */
  readonly tier: "" | "lite" | "pro" | "premium";
  readonly balance: number;
  readonly left: number;
}

const TIERS = ["", "lite", "pro", "premium"] as const;

/** Users whose names begin with `prefix`: members of every tier and none, with and without credits of either kind. */
export function movers(prefix: string, amount: number): Mover[] {
  return Array.from({ length: amount }, (_, n) => {
    const tier = TIERS[n % TIERS.length] ?? "";
    const left = tier === "" ? 0 : (n * 7) % 90;
    return {
      userId: `${prefix}-${String(n).padStart(4, "0")}`,
      tier,
      left,
      balance: left + ((n * 13) % 40) + (tier === "" ? 1 : 0),
    };
  });
}

export class ImportFile {
  readonly path: string;
  readonly #folder: string;

  constructor(all: readonly Mover[], more: readonly string[] = []) {
    this.#folder = mkdtempSync(join(tmpdir(), "stipend-import-"));
    this.path = join(this.#folder, "users.csv");
    const lines = all.map(
      ({ userId, tier, balance, left }) =>
        `${userId},${userId}@movers.example,${tier},${tier === "" ? "" : "2025-03-31"},${balance},${tier === "" ? "" : left}`,
    );
    const header = "user_id,email,tier,started_at,balance,allowance_remaining";
    writeFileSync(this.path, `${[header, ...lines, ...more].join("\n")}\n`);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** `stipend import …` as a process of its own, with the development token of the system in `home`. */
export function startImport(system: { baseUrl: string; home: string }, ...args: string[]): Started {
  const env = { ...process.env, STIPEND_HOME: system.home, STIPEND_URL: system.baseUrl, STIPEND_TOKEN: "" };
  return startProgram(process.execPath, [join(REPO_ROOT, "packages/cli/src/main.ts"), "import", ...args], env);
}

/** Everybody has what the file says, by exactly the rows that it takes, whatever happened on the way. */
export async function expectMovedIn(people: People, all: readonly Mover[]): Promise<void> {
  for (let from = 0; from < all.length; from += 20) {
    await Promise.all(all.slice(from, from + 20).map((mover) => expectOne(people, mover)));
  }
}

async function expectOne(people: People, { userId, tier, balance, left }: Mover): Promise<void> {
  const person = await people.person(userId);
  const account = await eventually(
    async () => {
      const found = await accountOf(person);
      expect(found.allowance?.tier ?? "").toBe(tier);
      return found;
    },
    { timeoutMs: 30_000 },
  );
  expect(Account.parse(account)).toMatchObject({ userId, balance, held: 0 });
  expect(account.allowance?.remaining ?? 0).toBe(left);
  const { data } = expectBody(await person.client.get("/api/credits/transactions"), Transactions);
  const wanted = tier === "" ? [balance] : balance > left ? [left, balance - left] : [left];
  expect(data.map((row) => [row.type, row.amount]).toReversed()).toEqual(wanted.map((amount) => ["grant", amount]));
}
