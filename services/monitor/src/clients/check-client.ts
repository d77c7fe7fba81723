import {
  CreditsCheckResponse,
  creditsCheck,
  MembershipCheckResponse,
  membershipCheck,
  RepairPlansResponse,
  repairPlans,
} from "@stipend/proto/http/checks";
import type { z } from "zod";
import type { BooksPlan, CreditsSide, ViewSide } from "../domain/consistency.ts";
import type { CheckSource } from "../usecases/ports.ts";
import type { InternalClient } from "./internal-client.ts";

/** Most accounts in one call; the routes take no more. */
const MAX_IDS = 500;
const MAX_PLANS = 100;

/** The internal, read-only check routes of credits and membership. */
export class CheckClient implements CheckSource {
  readonly #credits: InternalClient;
  readonly #membership: InternalClient;

  constructor(clients: { readonly credits: InternalClient; readonly membership: InternalClient }) {
    this.#credits = clients.credits;
    this.#membership = clients.membership;
  }

  async page(after: string | null, limit: number) {
    const answer = await this.#check(after === null ? { limit } : { after, limit });
    return { accounts: answer.data satisfies readonly CreditsSide[], next: answer.nextAfter };
  }

  async accounts(userIds: readonly string[]): Promise<readonly CreditsSide[]> {
    return await inPieces(userIds, async (piece) => (await this.#check({ userIds: piece })).data);
  }

  async views(userIds: readonly string[]): Promise<readonly ViewSide[]> {
    const { path, method } = membershipCheck;
    const schema = MembershipCheckResponse;
    return await inPieces(userIds, async (piece) => {
      return (await this.#membership.call({ method, path, body: { userIds: piece }, schema })).data;
    });
  }

  async plans(userIds: readonly string[]): Promise<ReadonlyMap<string, BooksPlan>> {
    const plans = await inPieces(userIds, (piece) => this.#plansOf(piece), MAX_PLANS);
    return new Map(plans.map(({ userId, ...plan }) => [userId, plan]));
  }

  /** One account that can't be planned for must not hide the others, and none may stop the check that found it. */
  async #plansOf(userIds: readonly string[]): Promise<z.infer<typeof RepairPlansResponse>["data"]> {
    const { path, method } = repairPlans;
    try {
      return (await this.#credits.call({ method, path, body: { userIds }, schema: RepairPlansResponse })).data;
    } catch {
      if (userIds.length === 1) return [];
      return await inPieces(userIds, (one) => this.#plansOf(one), 1);
    }
  }

  async #check(body: unknown) {
    const { path, method } = creditsCheck;
    return await this.#credits.call({ method, path, body, schema: CreditsCheckResponse });
  }
}

async function inPieces<T>(
  userIds: readonly string[],
  get: (piece: readonly string[]) => Promise<readonly T[]>,
  size = MAX_IDS,
): Promise<T[]> {
  const all: T[] = [];
  for (let start = 0; start < userIds.length; start += size) {
    all.push(...(await get(userIds.slice(start, start + size))));
  }
  return all;
}
