import { randomUUID } from "node:crypto";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { MembershipChangedSchema } from "@stipend/proto/events/membership/v1/events";
import { type Client, expectBody } from "./client.ts";
import { accountOf, type People, type Person } from "./people.ts";
import type { Recorded } from "./redeliver.ts";
import { DevClock } from "./shapes.ts";

/** Numbers that look like chance and are the same for the same seed (a linear congruential generator). */
export function chance(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const TIERS = ["lite", "pro", "premium"] as const;
const CYCLES = ["monthly", "monthly", "monthly", "yearly"] as const;
const DAY_MS = 86_400_000;

/** One thing that an admin or the member does to a membership; a refusal is an answer like any other. */
export async function act(admin: Client, person: Person, pick: (below: number) => number, now: Date): Promise<void> {
  const path = `/api/admin/users/${person.name}/membership`;
  const kind = pick(8);
  if (kind === 0) await person.client.post("/api/membership/cancel", {});
  else if (kind === 1) await person.client.post("/api/membership/resume", {});
  else if (kind === 2) await admin.delete(path, { reason: "for a test" });
  else {
    const end = [undefined, undefined, null, new Date(now.getTime() + (5 + pick(60)) * DAY_MS).toISOString()][pick(4)];
    const body = { tier: TIERS[pick(3)], cycle: CYCLES[pick(4)], reason: "for a test" };
    await admin.put(path, end === undefined ? body : { ...body, expiresAt: end });
  }
}

/** Moves the clock of all services by some days. @returns what it shows then. */
export async function pass(admin: Client, days: number): Promise<Date> {
  const moved = expectBody(await admin.put("/api/dev/clock", { advance: { days } }), DevClock);
  return new Date(moved.now);
}

function changeOf(value: Buffer | null) {
  if (value === null) throw new Error("a membership event without a value");
  return fromBinary(MembershipChangedSchema, value);
}

/** Which version of the membership a recorded change made. */
export function versionOf({ value }: Recorded): number {
  return Number(changeOf(value).version);
}

/** The same history as if it had happened to somebody else: another user id, other event ids. */
export function retold(events: readonly Recorded[], userId: string): Recorded[] {
  return events.map(({ value, headers }) => {
    const changed = changeOf(value);
    changed.userId = userId;
    return {
      key: Buffer.from(userId),
      value: Buffer.from(toBinary(MembershipChangedSchema, changed)),
      headers: { ...headers, ce_id: randomUUID(), ce_subject: userId },
    };
  });
}

/** What an account has come to, without what tells one account from another: its name, ids and number of rows. */
export async function stateOf(people: People, userId: string) {
  const { balance, held, status, allowance, grants } = await accountOf(await people.person(userId));
  return {
    balance,
    held,
    status,
    allowance,
    grants: grants.map(({ kind, remaining, priority, expiresAt }) => ({ kind, remaining, priority, expiresAt })),
  };
}
