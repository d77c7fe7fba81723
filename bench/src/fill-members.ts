import { type Membership, membershipToState } from "@stipend/credits/domain/membership";
import { type Connection, createConnection } from "mysql2/promise";

const STEP = 20_000;
const DIGITS = `(${Array.from({ length: 10 }, (_, d) => (d === 0 ? "SELECT 0 d" : `SELECT ${d}`)).join(" UNION ALL ")})`;
const USER = "CONCAT('member-', LPAD(n, 7, '0'))";
/** Stands where the number of each member goes: the last seven digits. */
const NUMBER = "#######";
const MEMBERSHIP_ID = `00000000-0000-7000-8000-00000${NUMBER}`;
const QUOTA = 250;

// Their month: each got its allowance at its start and is due at its end.
const JANUARY = { start: "2026-01-01 00:00:00.000", end: "2026-02-01 00:00:00.000" } as const;
export const FEBRUARY_START = new Date("2026-02-01T00:00:00.000Z");

const membership: Membership = {
  membershipId: MEMBERSHIP_ID,
  status: "active",
  cycle: "monthly",
  terms: {
    tier: "pro",
    monthlyCredits: QUOTA,
    anchor: "calendar",
    firstPeriod: "full",
    rolloverCap: 0,
    onExpiry: "keep",
    rank: 20,
  },
  pendingTerms: null,
  pendingCycle: null,
  startedAt: new Date("2026-01-01T00:00:00.000Z"),
  currentPeriodStart: new Date("2026-01-01T00:00:00.000Z"),
  currentPeriodEnd: FEBRUARY_START,
  expiresAt: null,
  cancelAtPeriodEnd: false,
  endedAt: null,
};

/** The id of the nth member (from 0), as fillMembers names it. */
export function memberId(n: number): string {
  return `member-${String(n).padStart(7, "0")}`;
}

/**
 * Active members as the procedures would have left them after their first allowance, written set-based by the schema's
 * owner into an empty schema: account, copy of the membership, grant and ledger row each.
 */
export async function fillMembers(
  ownerUrl: string,
  members: number,
  progress: (filled: number) => void,
): Promise<void> {
  const connection = await createConnection({ uri: ownerUrl, timezone: "Z" });
  try {
    await connection.query("SET SESSION time_zone = '+00:00'");
    for (let from = 0; from < members; from += STEP) {
      await connection.query("START TRANSACTION");
      await fillStep(connection, from, Math.min(members, from + STEP));
      await connection.query("COMMIT");
      progress(Math.min(members, from + STEP));
    }
    await connection.query("ANALYZE TABLE profiles, membership_state, credit_grants, credit_transactions");
  } finally {
    await connection.end();
  }
}

async function fillStep(connection: Connection, from: number, to: number): Promise<void> {
  const numbers = `(SELECT ${from} + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS n
     FROM ${DIGITS} a, ${DIGITS} b, ${DIGITS} c, ${DIGITS} e, ${DIGITS} f HAVING n < ${to}) x`;
  await connection.query(
    `INSERT INTO profiles (user_id, version, balance, allowance_remaining, tier, monthly_credits, next_reset_at, due_at,
       served_start, served_end, served_given, created_at, last_at)
     SELECT ${USER}, 1, ?, ?, 'pro', ?, ?, ?, ?, ?, ?, ?, ? FROM ${numbers} ORDER BY n`,
    [
      ...[QUOTA, QUOTA, QUOTA, JANUARY.end, JANUARY.end],
      ...[JANUARY.start, JANUARY.end, QUOTA, JANUARY.start, JANUARY.start],
    ],
  );
  const [before, after] = JSON.stringify(membershipToState(membership)).split(NUMBER);
  await connection.query(
    `INSERT INTO membership_state (user_id, version, state, active_until, received_at)
     SELECT ${USER}, 1, CONCAT(?, LPAD(n, 7, '0'), ?), '9999-12-31 00:00:00.000', ? FROM ${numbers} ORDER BY n`,
    [before, after, JANUARY.start],
  );
  await connection.query(
    `INSERT INTO credit_grants (id, user_id, origin_version, kind, state, amount, remaining, reserved, priority, created_at)
     SELECT n + 1, ${USER}, 1, 'allowance', 'open', ?, ?, 0, 10, ? FROM ${numbers} ORDER BY n`,
    [QUOTA, QUOTA, JANUARY.start],
  );
  await connection.query(
    `INSERT INTO credit_transactions (id, user_id, version, type, amount, balance_before, balance_after, held_change, held_after,
       status_after, draws, reason, actor, grant_id, grant_kind, operation, request_key, period_start, created_at)
     SELECT n + 1, ${USER}, 1, 'grant', ?, 0, ?, 0, 0, 'active',
            CONCAT('[{"g":', n + 1, ',"k":"allowance","c":', ?, ',"r":0}]'), 'allowance of pro', 'system', n + 1, 'allowance',
            'allowance', ?, ?, ? FROM ${numbers} ORDER BY n`,
    [QUOTA, QUOTA, QUOTA, `${JANUARY.start.replace(" ", "T")}Z#${QUOTA}`, JANUARY.start, JANUARY.start],
  );
}
