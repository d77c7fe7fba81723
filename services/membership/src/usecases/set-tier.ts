import type { Tier } from "../domain/membership.ts";
import { type Refusal, refusal } from "../domain/refusal.ts";
import type { AdminAct, Asker, Deps } from "./ports.ts";

/** What to write; what is left out stays as it is, or is the default of a new tier. */
export type TierPatch = Pick<Tier, "tier" | "monthlyCredits"> & Partial<Omit<Tier, "version">>;

export interface SetTier {
  readonly tier: TierPatch;
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
    const tiers = await deps.store.tiers();
    const before = tiers.find((known) => known.tier === command.tier.tier);
    const version = before?.version ?? 0;
    if (command.ifMatch !== undefined && command.ifMatch !== version) return conflict(version, command.ifMatch);
    const tier: Tier = { ...(before ?? newTier(command.tier.tier, tiers)), ...command.tier, version: version + 1 };
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
  const tiers = await deps.store.tiers();
  const tier = tiers.find((known) => known.tier === code);
  if (tier !== undefined) return { ok: true, tier };
  const codes = tiers.map((known) => known.tier);
  return refusal("tier_not_found", `there is no tier "${code}"; there are: ${codes.join(", ")}`, { tiers: codes });
}

/** The highest that the contract knows (proto/http/membership.ts). */
const TOP_RANK = 1_000_000;

/** A new tier stands above all others, or beside one that stands at the very top; its terms are those of the tiers that come with the system. */
function newTier(code: string, tiers: readonly Tier[]): Omit<Tier, "version" | "monthlyCredits"> {
  return {
    tier: code,
    displayName: code,
    rank: Math.min(TOP_RANK, Math.max(0, ...tiers.map((tier) => tier.rank)) + 10),
    anchor: "calendar",
    firstPeriod: "full",
    rolloverCap: 0,
    onExpiry: "keep",
    features: [],
    offered: true,
  };
}

function conflict(current: number, seen: number): Refusal {
  return refusal("version_conflict", `the tier has version ${current} now, not ${seen}`, { currentVersion: current });
}
