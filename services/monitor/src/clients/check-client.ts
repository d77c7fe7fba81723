import type { InternalTokenSigner } from "@stipend/platform/auth/internal";
import { Problem } from "@stipend/platform/http/problem";
import {
  CreditsCheckResponse,
  creditsCheck,
  MembershipCheckResponse,
  membershipCheck,
} from "@stipend/proto/http/checks";
import { Pool } from "undici";
import type { z } from "zod";
import type { CreditsSide, ViewSide } from "../domain/consistency.ts";
import type { CheckSource } from "../usecases/ports.ts";

/** Most accounts in one call; the routes take no more. */
const MAX_IDS = 500;
const TIMEOUT_MS = 10_000;

export interface CheckClientOptions {
  readonly creditsUrl: string;
  readonly membershipUrl: string;
  readonly signer: InternalTokenSigner;
}

/** The internal, read-only check routes of credits and membership. */
export class CheckClient implements CheckSource {
  readonly name = "check-client";
  readonly #credits: Pool;
  readonly #membership: Pool;
  readonly #signer: InternalTokenSigner;

  constructor({ creditsUrl, membershipUrl, signer }: CheckClientOptions) {
    const options = { connections: 2, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS };
    this.#credits = new Pool(new URL(creditsUrl).origin, options);
    this.#membership = new Pool(new URL(membershipUrl).origin, options);
    this.#signer = signer;
  }

  async page(after: string | null, limit: number) {
    const body = after === null ? { limit } : { after, limit };
    const answer = await this.#post(this.#credits, "credits", creditsCheck.path, body, CreditsCheckResponse);
    return { accounts: answer.data satisfies readonly CreditsSide[], next: answer.nextAfter };
  }

  async accounts(userIds: readonly string[]): Promise<readonly CreditsSide[]> {
    return await this.#inPieces(userIds, async (piece) => {
      const body = { userIds: piece };
      return (await this.#post(this.#credits, "credits", creditsCheck.path, body, CreditsCheckResponse)).data;
    });
  }

  async views(userIds: readonly string[]): Promise<readonly ViewSide[]> {
    return await this.#inPieces(userIds, async (piece) => {
      const body = { userIds: piece };
      return (await this.#post(this.#membership, "membership", membershipCheck.path, body, MembershipCheckResponse))
        .data;
    });
  }

  async stop(): Promise<void> {
    await Promise.all([this.#credits.destroy(), this.#membership.destroy()]);
  }

  async #inPieces<T>(
    userIds: readonly string[],
    get: (piece: readonly string[]) => Promise<readonly T[]>,
  ): Promise<T[]> {
    const all: T[] = [];
    for (let start = 0; start < userIds.length; start += MAX_IDS) {
      all.push(...(await get(userIds.slice(start, start + MAX_IDS))));
    }
    return all;
  }

  /** @throws Problem upstream_failed: the service is away, answers an error or something else than the contract says. */
  async #post<S extends z.ZodType>(
    pool: Pool,
    service: string,
    path: string,
    body: unknown,
    schema: S,
  ): Promise<z.output<S>> {
    try {
      const response = await pool.request({
        method: "POST",
        path,
        headers: {
          authorization: `Bearer ${await this.#signer.tokenFor(service)}`,
          "content-type": "application/json",
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.body.text();
      if (response.statusCode !== 200) throw new Error(`${service} answered ${response.statusCode}`);
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw new Problem("upstream_failed", { message: `${service} could not be asked for a check`, cause });
    }
  }
}
