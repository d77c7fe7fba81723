import { pipeline } from "node:stream/promises";
import type { InternalTokenSigner } from "@stipend/platform/auth/internal";
import { DEFAULT_BODY_LIMIT } from "@stipend/platform/http/contract";
import { type RequestContext, requirePrincipal } from "../http/context.ts";
import { readBody } from "./body.ts";
import { headersForClient, headersForService } from "./headers.ts";
import { identityHeaders } from "./identity.ts";
import type { Upstream, UpstreamAnswer } from "./upstream.ts";

/** Longer than any call of a service should take; an export streams from its first second on. */
const HEAD_TIMEOUT_MS = 15_000;

/**
 * A reader who takes nothing of an answer for so long is cut off: until then an export holds one of the few connections to
 * its service. Longer than an upstream may be silent, so that the two are not mistaken for each other.
 */
const READER_PATIENCE_MS = 60_000;

/** Sees each answer before the client does. */
export interface AnswerWatch {
  note(context: RequestContext, answer: UpstreamAnswer): Promise<UpstreamAnswer>;
}

/** Passes a request on to one service, path unchanged, and its answer back as it comes. */
export class Forwarder {
  readonly #upstream: Upstream;
  readonly #audience: string;
  readonly #signer: Pick<InternalTokenSigner, "tokenFor">;
  readonly #staff: AnswerWatch;
  readonly #readerPatienceMs: number;

  constructor(
    upstream: Upstream,
    audience: string,
    signer: Pick<InternalTokenSigner, "tokenFor">,
    staff: AnswerWatch,
    readerPatienceMs = READER_PATIENCE_MS,
  ) {
    this.#readerPatienceMs = readerPatienceMs;
    this.#upstream = upstream;
    this.#audience = audience;
    this.#signer = signer;
    this.#staff = staff;
  }

  async forward(context: RequestContext): Promise<void> {
    const { req, res, contract, caller, pathname, search } = context;
    const principal = requirePrincipal(context);
    const body = await readBody(req, contract.bodyLimit ?? DEFAULT_BODY_LIMIT);
    const gone = new AbortController();
    const onClose = () => {
      if (!res.writableFinished) gone.abort(new Error("the client is gone"));
    };
    res.once("close", onClose);
    try {
      const token = await this.#signer.tokenFor(this.#audience);
      const answer = await this.#upstream.call({
        method: req.method ?? "GET",
        path: pathname + search,
        headers: { ...headersForService(req), ...identityHeaders(principal, caller, token) },
        body,
        signal: gone.signal,
        headTimeoutMs: HEAD_TIMEOUT_MS,
        // The services answer a copy of a keyed write with the first answer, so asking again is safe.
        repeatable: contract.method === "GET" || typeof req.headers["idempotency-key"] === "string",
      });
      await this.#passBack(context, await this.#staff.note(context, answer));
    } catch (error) {
      // Nobody is left to tell.
      if (!gone.signal.aborted) throw error;
      res.destroy();
    } finally {
      res.off("close", onClose);
    }
  }

  async #passBack({ res }: RequestContext, answer: UpstreamAnswer): Promise<void> {
    res.statusCode = answer.status;
    for (const [name, value] of Object.entries(headersForClient(answer.headers))) res.setHeader(name, value);
    // Progress of a slow reader counts: only a standstill is a timeout.
    res.setTimeout(this.#readerPatienceMs, () => res.destroy());
    await pipeline(answer.body, res);
  }
}
