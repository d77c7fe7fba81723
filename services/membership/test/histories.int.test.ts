import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type Membership as MembershipEvent, MembershipStatus } from "@stipend/proto/events/membership/v1/events";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endsAt, type Member } from "../src/domain/membership.ts";
import { endMembership } from "../src/usecases/end-membership.ts";
import { readOwnMembership } from "../src/usecases/read-membership.ts";
import { cancelMembership, resumeMembership } from "../src/usecases/self-service.ts";
import { settleDueBatch } from "../src/usecases/settle-due.ts";
import { adminAsker, changes, openRig, put, type Rig } from "./support.ts";

/** More with STIPEND_MEMBERSHIP_HISTORIES=n. */
const RUNS = Number(process.env.STIPEND_MEMBERSHIP_HISTORIES ?? 40);
const ZONE = "Europe/Berlin";
const DAY = 86_400_000;

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ timeZone: ZONE });
});
afterAll(() => rig.close());

type Step =
  | {
      readonly kind: "put";
      readonly tier: string;
      readonly cycle: "monthly" | "yearly";
      readonly days: number | null | undefined;
    }
  | { readonly kind: "cancel" | "resume" | "end" | "job" | "read" }
  | { readonly kind: "wait"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("put" as const),
    tier: fc.constantFrom("lite", "pro", "premium"),
    cycle: fc.constantFrom("monthly" as const, "yearly" as const),
    days: fc.oneof(fc.constant(undefined), fc.constant(null), fc.integer({ min: 1, max: 500 })),
  }),
  fc.record({
    kind: fc.constantFrom("cancel" as const, "resume" as const, "end" as const, "job" as const, "read" as const),
  }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 400 * DAY }) }),
);

let nextUser = 0;

class History {
  readonly userId: string;
  now: Date;

  constructor(start: Date) {
    nextUser += 1;
    this.userId = `history-${nextUser}`;
    this.now = start;
  }

  async take(action: Step): Promise<void> {
    const { userId, now } = this;
    const own = { user: { userId }, asker: { actor: userId }, reason: "by the member", now };
    switch (action.kind) {
      case "put":
        return expectAnswer(await put(rig, { ...action, userId, now, expiresAt: this.#end(action.days) }));
      case "cancel":
        return expectAnswer(await cancelMembership(rig.deps, own));
      case "resume":
        return expectAnswer(await resumeMembership(rig.deps, own));
      case "end":
        return expectAnswer(await endMembership(rig.deps, { userId, reason: "x", asker: adminAsker(), now }));
      case "job":
        await settleDueBatch(rig.deps, now, 100);
        return;
      case "read":
        await readOwnMembership(rig.deps, userId, now);
        return;
      case "wait":
        this.now = new Date(now.getTime() + action.ms);
    }
  }

  /** What must hold after every step. */
  async check(): Promise<void> {
    const told = await changes(rig, this.userId);
    expect(told.map((event) => Number(event.version))).toEqual(told.map((_, index) => index + 1));
    const member = await rig.deps.store.findMember(this.userId);
    expect(member?.version ?? 0).toBe(told.length);
    const last = told.at(-1)?.membership;
    expect(last === undefined).toBe((member?.membership ?? null) === null);
    if (last !== undefined && member !== undefined) expectSame(last, member);
    for (const event of told) if (event.membership !== undefined) expectSound(event.membership);
    const rows = await rig.owner.query<{ status: string; is_current: number | null }>(
      "SELECT status, is_current FROM memberships WHERE user_id = ?",
      [this.userId],
    );
    expect(rows.filter((row) => row.status === "active" && row.is_current !== 1)).toEqual([]);
  }

  /** A read brings everything up to date: the active period holds now, nothing that is over goes on. */
  async checkSettled(): Promise<void> {
    await readOwnMembership(rig.deps, this.userId, this.now);
    const membership = (await rig.deps.store.findMember(this.userId))?.membership;
    if (membership?.status !== "active") return;
    expect(membership.currentPeriodStart <= this.now && this.now < membership.currentPeriodEnd).toBe(true);
    const end = endsAt(membership);
    expect(end === null || end > this.now).toBe(true);
  }

  #end(days: number | null | undefined): Date | null | undefined {
    return typeof days === "number" ? new Date(this.now.getTime() + days * DAY) : days;
  }
}

function expectAnswer(answer: { ok: boolean; code?: string }): void {
  if (!answer.ok) expect(answer.code).toBe("transition_not_allowed");
}

function expectSame(told: MembershipEvent, { membership }: Member): void {
  expect(told.membershipId).toBe(membership?.membershipId);
  expect(MembershipStatus[told.status].toLowerCase()).toBe(membership?.status);
  expect(told.terms?.tier).toBe(membership?.terms.tier);
  expect(told.pendingTerms?.tier).toBe(membership?.pendingTerms?.tier);
  expect(date(told.currentPeriodEnd)).toEqual(membership?.currentPeriodEnd);
  expect(date(told.expiresAt)).toEqual(membership?.expiresAt);
  expect(date(told.endedAt)).toEqual(membership?.endedAt);
  expect(told.cancelAtPeriodEnd).toBe(membership?.cancelAtPeriodEnd);
}

function expectSound(told: MembershipEvent): void {
  const active = told.status === MembershipStatus.ACTIVE;
  expect(active).toBe(told.endedAt === undefined);
  const start = date(told.currentPeriodStart);
  const end = date(told.currentPeriodEnd);
  expect(start !== null && end !== null && start < end).toBe(true);
}

function date(timestamp: Parameters<typeof timestampDate>[0] | undefined): Date | null {
  return timestamp === undefined ? null : timestampDate(timestamp);
}

describe("generated histories", () => {
  it(`hold what always holds, after every step (${RUNS} histories)`, async () => {
    const start = fc.date({ min: new Date("2027-01-01"), max: new Date("2028-12-31"), noInvalidDate: true });
    await fc.assert(
      fc.asyncProperty(start, fc.array(step, { minLength: 5, maxLength: 15 }), async (begin, steps) => {
        const history = new History(begin);
        for (const action of steps) {
          await history.take(action);
          await history.check();
        }
        await history.checkSettled();
        await history.check();
      }),
      { numRuns: RUNS },
    );
  }, 180_000);
});
