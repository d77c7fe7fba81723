import type { InternalTokenSigner } from "@stipend/platform/auth/internal";
import type { Principal } from "../auth/claims.ts";
import { Refusal } from "../http/refusal.ts";
import { type Caller, GATEWAY_AS_SERVICE, identityHeaders } from "./identity.ts";
import type { Upstream } from "./upstream.ts";

export interface JsonCall {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  readonly caller: Caller;
  /** Default: the gateway itself, with the role `service`. */
  readonly as?: Pick<Principal, "sub" | "roles" | "email">;
  /** Default 2,000 ms. */
  readonly timeoutMs?: number;
}

export interface JsonAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** undefined when the answer was no JSON. */
  readonly body: unknown;
}

const MAX_ANSWER_BYTES = 1_048_576;

/** The gateway's own calls to a service. */
export class JsonClient {
  readonly #upstream: Upstream;
  readonly #audience: string;
  readonly #signer: Pick<InternalTokenSigner, "tokenFor">;

  constructor(upstream: Upstream, audience: string, signer: Pick<InternalTokenSigner, "tokenFor">) {
    this.#upstream = upstream;
    this.#audience = audience;
    this.#signer = signer;
  }

  /** @throws Refusal of the upstream when there is no answer. */
  async call(call: JsonCall): Promise<JsonAnswer> {
    const token = await this.#signer.tokenFor(this.#audience);
    const answer = await this.#upstream.call({
      method: call.method,
      path: call.path,
      headers: {
        ...identityHeaders(call.as ?? GATEWAY_AS_SERVICE, call.caller, token),
        accept: "application/json",
        ...(call.body === undefined ? {} : { "content-type": "application/json" }),
        ...(call.idempotencyKey === undefined ? {} : { "idempotency-key": call.idempotencyKey }),
      },
      body: call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body)),
      headTimeoutMs: call.timeoutMs ?? 2_000,
      idleTimeoutMs: call.timeoutMs ?? 2_000,
      repeatable: call.method === "GET" || call.idempotencyKey !== undefined,
    });
    return { status: answer.status, headers: answer.headers, body: await readJson(answer.body) };
  }
}

async function readJson(body: AsyncIterable<Buffer>): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) throw new Error(`a service's JSON answer is larger than ${MAX_ANSWER_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw new Refusal("upstream_failed", { cause: error });
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}
