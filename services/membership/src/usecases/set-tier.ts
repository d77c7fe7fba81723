import type { Tier } from "../domain/membership.ts";
import { type Refusal, refusal } from "../domain/refusal.ts";
import type { AdminAct, Asker, Deps } from "./ports.ts";

export interface SetTier {
  readonly tier: Omit<Tier, "version">;
  readonly reason: string;
  readonly asker: Asker & { readonly admin: AdminAct };
  readonly now: Date;
  readonly ifMatch?: number;
}

/** Two admins who write at the same moment: the second judges again on what the first left. */
const MAX_ATTEMPTS = 3;

/** Creates a tier or changes it. Members keep the terms they agreed to. */
export async function setTier(
  deps: Deps,
  command: SetTier,
): Promise<{ ok: true; tier: Tier; created: boolean } | Refusal> {
  for (let attempt = 1; ; attempt++) {
    const before = await readTierOrNone(deps, command.tier.tier);
    const version = before?.version ?? 0;
    if (command.ifMatch !== undefined && command.ifMatch !== version) return conflict(version, command.ifMatch);
    const tier: Tier = { ...command.tier, version: version + 1 };
    const written = await deps.store.transaction("tier.set", (tx) =>
      tx.setTier(
        {
          tier,
          expectedVersion: version,
          changeId: deps.newId(),
          asker: command.asker,
          reason: command.reason,
          before: before === undefined ? "" : JSON.stringify(before),
          after: JSON.stringify(tier),
        },
        command.now,
      ),
    );
    if (written) {
      deps.committed();
      return { ok: true, tier, created: before === undefined };
    }
    if (attempt >= MAX_ATTEMPTS) return conflict(version + 1, version);
  }
}

export async function readTier(deps: Deps, code: string): Promise<{ ok: true; tier: Tier } | Refusal> {
  const tier = await readTierOrNone(deps, code);
  if (tier !== undefined) return { ok: true, tier };
  const codes = (await deps.store.tiers()).map((known) => known.tier);
  return refusal("tier_not_found", `there is no tier "${code}"; there are: ${codes.join(", ")}`, { tiers: codes });
}

async function readTierOrNone(deps: Deps, code: string): Promise<Tier | undefined> {
  return (await deps.store.tiers()).find((tier) => tier.tier === code);
}

function conflict(current: number, seen: number): Refusal {
  return refusal("version_conflict", `the tier has version ${current} now, not ${seen}`, { currentVersion: current });
}
