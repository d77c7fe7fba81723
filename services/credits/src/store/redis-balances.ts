import type { Redis } from "ioredis";

/** The balance of an account as an event told it. */
export interface MirroredBalance {
  readonly userId: string;
  readonly version: number;
  readonly balance: number;
  readonly held: number;
  readonly status: string;
}

/** An entry that missed its update (Redis was away) is wrong for at most this long. */
const LIFETIME_MS = 10 * 60_000;

/** KEYS: balance:<user>; ARGV: lifetime, then version, balance, held, status of each. Only a higher version writes. */
const SET_FORWARD = `
for i = 1, #KEYS do
  local at = 2 + (i - 1) * 4
  local known = redis.call('HGET', KEYS[i], 'version')
  if not known or tonumber(known) < tonumber(ARGV[at]) then
    redis.call('HSET', KEYS[i], 'version', ARGV[at], 'balance', ARGV[at + 1], 'held', ARGV[at + 2], 'status', ARGV[at + 3])
  end
  redis.call('PEXPIRE', KEYS[i], ARGV[1])
end
return #KEYS`;

/**
 * Copies of balances in Redis, for looking only: `${prefix}balance:<user>`, a hash of version, balance, held, status. They
 * move forward by version alone, so late and repeated events do no harm, and nothing is ever decided by them.
 */
export async function mirrorBalances(redis: Redis, balances: readonly MirroredBalance[]): Promise<void> {
  if (balances.length === 0) return;
  const keys = balances.map(({ userId }) => `balance:${userId}`);
  const values = balances.flatMap(({ version, balance, held, status }) => [version, balance, held, status]);
  await redis.eval(SET_FORWARD, keys.length, ...keys, LIFETIME_MS, ...values);
}

/** A balance as it was mirrored last, null when there is none. */
export async function mirroredBalance(redis: Redis, userId: string): Promise<MirroredBalance | null> {
  const { version, balance, held, status } = await redis.hgetall(`balance:${userId}`);
  if (version === undefined) return null;
  return { userId, version: Number(version), balance: Number(balance), held: Number(held), status: status ?? "" };
}
