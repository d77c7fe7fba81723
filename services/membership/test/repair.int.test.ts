import { parseJson } from "@stipend/platform/mysql/values";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyBalances } from "../src/usecases/apply-balances.ts";
import type { AdminAct, Asker, SeenBalance } from "../src/usecases/ports.ts";
import { readUser } from "../src/usecases/read-membership.ts";
import { repairView } from "../src/usecases/repair-view.ts";
import { adminAsker, at, openRig, type Rig } from "./support.ts";

const NOW = at("2026-01-31T10:00:00Z");
let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig.close());

describe("mending the status view", () => {
  const repair = async (userId: string, seen: SeenBalance, version: number, balance: number) =>
    await repairView(rig.deps, {
      balance: { userId, version, balance, held: 0, status: "active" },
      seen,
      reason: "a lost event",
      asker: adminAsker("root") as Asker & { admin: AdminAct },
      now: NOW,
    });
  const shown = async (userId: string) => {
    const answer = await readUser(rig.deps, userId, NOW);
    return answer.ok ? [answer.user.balanceVersion, answer.user.balance] : answer.ok;
  };
  const tell = async (userId: string, version: number, balance: number) =>
    await applyBalances(
      rig.deps,
      [{ eventId: `${userId}-${version}`, balance: { userId, version, balance, held: 0, status: "active" } }],
      NOW,
    );

  it("takes over what credits says, also at the same version or below it, with its audit event", async () => {
    await tell("ann", 5, 50);
    expect(await repair("ann", { version: 5, balance: 50, held: 0 }, 5, 70)).toBe("repaired");
    expect(await shown("ann")).toEqual([5, 70]);
    expect(await repair("ann", { version: 5, balance: 70, held: 0 }, 4, 40)).toBe("repaired");
    expect(await shown("ann")).toEqual([4, 40]);
    const rows = await rig.owner.query<{ payload: unknown }>(
      "SELECT payload FROM outbox WHERE topic = 'admin.v1' ORDER BY id",
    );
    expect(rows.map(({ payload }) => parseJson(payload))).toMatchObject([
      {
        action: "view.repair",
        actor: "root",
        target: "ann",
        reason: "a lost event",
        before: expect.stringMatching(/"viewBalance": ?50/),
        after: expect.stringMatching(/"viewBalance": ?70/),
      },
      { action: "view.repair" },
    ]);
  });

  it("leaves a view alone that has moved on since it was compared", async () => {
    await tell("bob", 1, 10);
    await tell("bob", 2, 20);
    expect(await repair("bob", { version: 1, balance: 10, held: 0 }, 1, 11)).toBe("changed_meanwhile");
    expect(await shown("bob")).toEqual([2, 20]);
  });

  it("shows a user of whom no event has ever come", async () => {
    expect(await repair("cid", { version: 0, balance: 0, held: 0 }, 3, 30)).toBe("repaired");
    expect(await shown("cid")).toEqual([3, 30]);
  });

  it("lets one of two admins who mend the same thing have it", async () => {
    await tell("dot", 1, 10);
    const seen = { version: 1, balance: 10, held: 0 };
    const outcomes = await Promise.all([repair("dot", seen, 2, 20), repair("dot", seen, 2, 20)]);
    expect(outcomes.sort()).toEqual(["changed_meanwhile", "repaired"]);
  });
});
