import type { InternalTokenSigner } from "@stipend/platform/auth/internal";
import { Problem } from "@stipend/platform/http/problem";
import { Pool } from "undici";
import type { z } from "zod";

const TIMEOUT_MS = 10_000;

export interface InternalCall<S extends z.ZodType> {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
  readonly schema: S;
  /** Extra headers: for whom the call is made. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Ends the call early. */
  readonly signal?: AbortSignal;
}

/** Another service of this installation did not do what was asked; `code` and `status` are its problem's, if it gave one. */
export class CallRefused extends Error {
  readonly status: number;
  readonly code: string | null;

  constructor(service: string, status: number, code: string | null) {
    super(`${service} answered ${status}${code === null ? "" : ` ${code}`}`);
    this.name = "CallRefused";
    this.status = status;
    this.code = code;
  }
}

/** Calls one other service with the monitor's internal token. */
export class InternalClient {
  readonly service: string;
  readonly #pool: Pool;
  readonly #signer: InternalTokenSigner;

  constructor(service: string, url: string, signer: InternalTokenSigner) {
    this.service = service;
    this.#pool = new Pool(new URL(url).origin, { connections: 2 });
    this.#signer = signer;
  }

  /** @throws Problem upstream_failed, its cause a CallRefused when the service answered: it is away, refuses, or says something else than the contract. */
  async call<S extends z.ZodType>(call: InternalCall<S>): Promise<z.output<S>> {
    const { method, path, body, schema, headers, timeoutMs = TIMEOUT_MS } = call;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await this.#pool.request({
        method,
        path,
        headers: {
          authorization: `Bearer ${await this.#signer.tokenFor(this.service)}`,
          "content-type": "application/json",
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        signal: call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal]),
      });
      const text = await response.body.text();
      if (response.statusCode >= 300) throw new CallRefused(this.service, response.statusCode, codeOf(text));
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw new Problem("upstream_failed", { message: `${this.service} could not be asked`, cause });
    }
  }

  async stop(): Promise<void> {
    await this.#pool.destroy();
  }
}

function codeOf(text: string): string | null {
  try {
    const { code } = JSON.parse(text) as { code?: unknown };
    return typeof code === "string" ? code : null;
  } catch {
    return null;
  }
}
