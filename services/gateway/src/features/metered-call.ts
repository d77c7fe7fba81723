import type { IncomingMessage, ServerResponse } from "node:http";
import type { Log } from "@stipend/platform/log/log";
import type { Principal } from "../auth/claims.ts";
import {
  checkAnnouncedLength,
  endUpload,
  hasBody,
  limitedBody,
  UPLOAD_PACE,
  type UploadPace,
} from "../forward/body.ts";
import { type HeaderMap, headersForClient, headersForFeature } from "../forward/headers.ts";
import { type Caller, callerHeaders } from "../forward/identity.ts";
import type { JsonAnswer } from "../forward/json-client.ts";
import type { Upstream, UpstreamAnswer } from "../forward/upstream.ts";
import { Refusal } from "../http/refusal.ts";
import { CallWatch } from "./call-watch.ts";
import { chargedAmount, type Feature, judgeStatus } from "./feature.ts";
import type { FeatureMetrics } from "./feature-metrics.ts";
import type { Ledger } from "./ledger.ts";
import { type OpenedHold, openHold } from "./open-hold.ts";
import type { Settler } from "./settler.ts";

export interface MeteredCallParts {
  readonly ledger: Ledger;
  readonly settler: Settler;
  readonly metrics: FeatureMetrics;
  readonly log: Log;
  readonly upstreamFor: (origin: string) => Upstream;
  /** Proves to the feature's upstream that the gateway sent the call. */
  readonly tokenFor: (audience: string) => Promise<string> | string;
  /** Default: UPLOAD_PACE. */
  readonly uploadPace?: UploadPace;
}

export interface MeteredRequest {
  readonly feature: Feature;
  readonly params: Readonly<Record<string, string>>;
  /** "?a=b" or "". */
  readonly search: string;
  readonly principal: Principal;
  readonly caller: Caller;
  readonly idempotencyKey: string | undefined;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

type Held = Extract<OpenedHold, { kind: "held" }>;

const COST = "stipend-cost";
/** How long the client waits for credits to take a hold back, and to capture it. */
const RELEASE_WITHIN_MS = 2_000;
const CAPTURE_WITHIN_MS = 5_000;

/**
 * One call of a metered feature: hold → upstream → capture, or release. What is promised, and what happens if this
 * process dies between any two of these lines, stands in services/gateway/README.md.
 */
export class MeteredCall {
  readonly #parts: MeteredCallParts;
  readonly #request: MeteredRequest;

  constructor(parts: MeteredCallParts, request: MeteredRequest) {
    this.#parts = parts;
    this.#request = request;
  }

  /** @throws Refusal for the client; an answer that has begun is cut instead. */
  async run(): Promise<void> {
    const { feature, principal, idempotencyKey, caller, req, res } = this.#request;
    checkAnnouncedLength(req, feature.requestLimit);
    const opened = await openHold(this.#parts.ledger, feature, principal.sub, idempotencyKey, caller);
    if (opened.kind === "refused") {
      this.#parts.metrics.counted(feature.id, "refused");
      return passOn(res, opened.answer);
    }
    const watch = new CallWatch(res, feature.timeoutMs, feature.onDisconnect);
    try {
      await this.#withHold(opened, watch);
    } finally {
      watch.end();
      endUpload(req, res);
    }
  }

  async #withHold(hold: Held, watch: CallWatch): Promise<void> {
    let answer: UpstreamAnswer;
    try {
      watch.throwIfOver();
      answer = await this.#callUpstream(hold, watch);
    } catch (error) {
      return await this.#fail(hold, watch, error);
    }
    try {
      await this.#settleByStatus(hold, watch, answer);
    } finally {
      // Not read to its end after a failure: the connection can't be used again.
      if (!answer.body.readableEnded) answer.body.destroy();
    }
  }

  async #callUpstream(hold: Held, watch: CallWatch): Promise<UpstreamAnswer> {
    const { feature, req, params, search, principal, caller } = this.#request;
    const token = await this.#parts.tokenFor(`feature:${feature.id}`);
    const headers: HeaderMap = {
      ...headersForFeature(req.headers),
      ...callerHeaders(caller),
      authorization: `Bearer ${token}`,
      "stipend-actor": principal.sub,
      "stipend-feature": feature.id,
      "stipend-max-cost": String(hold.amount),
      // The cost of a stream may come after it.
      ...(feature.answer === "streamed" && feature.cost.kind === "reported" ? { te: "trailers" } : {}),
    };
    const length = req.headers["content-length"];
    if (length !== undefined && hasBody(req)) headers["content-length"] = length;
    const path = feature.upstream.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
    return await this.#parts.upstreamFor(feature.upstream.origin).call({
      method: feature.method,
      path: path + search,
      headers,
      body: limitedBody(req, feature.requestLimit, this.#parts.uploadPace ?? UPLOAD_PACE),
      signal: watch.signal,
      headTimeoutMs: feature.timeoutMs,
      idleTimeoutMs: feature.timeoutMs,
      // An upstream is called once for a hold: it may do work that costs.
      repeatable: false,
    });
  }

  async #settleByStatus(hold: Held, watch: CallWatch, answer: UpstreamAnswer): Promise<void> {
    const { feature } = this.#request;
    const verdict = judgeStatus(feature, answer.status);
    if (verdict === "failure") {
      return await this.#fail(hold, watch, new FeatureFault(`the upstream answered ${answer.status}`, answer.status));
    }
    if (verdict === "charge" && feature.answer === "streamed") return await this.#stream(hold, watch, answer);
    const cost = verdict === "charge" ? chargedAmount(feature.cost, answer.headers[COST]) : 0;
    if (cost === undefined) return await this.#fail(hold, watch, unnamedCost());

    let body: Buffer;
    try {
      body = await readWhole(answer, feature.answerLimit);
      // Gone with the last byte of the upstream: nothing has been paid yet.
      watch.throwIfOver();
    } catch (error) {
      return await this.#fail(hold, watch, error);
    }
    if (cost === 0) return await this.#deliverFree(hold, answer, body);
    await this.#deliverPaid(hold, watch, answer, body, cost);
  }

  async #deliverFree(hold: Held, answer: UpstreamAnswer, body: Buffer): Promise<void> {
    const { settler, metrics } = this.#parts;
    const undone = await settler.release(hold.holdId, this.#request.caller, RELEASE_WITHIN_MS, false);
    metrics.counted(this.#request.feature.id, "free");
    this.#answer(answer, body, 0, undone.kind === "released" ? undone.available : undefined);
  }

  async #deliverPaid(hold: Held, watch: CallWatch, answer: UpstreamAnswer, body: Buffer, cost: number): Promise<void> {
    const { metrics, settler } = this.#parts;
    const { feature, caller, res } = this.#request;
    const paid = await this.#capture(hold, cost);
    if (watch.clientGone && feature.onDisconnect === "release") {
      // Left while the credits were taken, and nothing of the answer was sent.
      metrics.counted(feature.id, "client_gone");
      settler.refundLater(hold.holdId, caller);
      res.destroy();
      return;
    }
    metrics.counted(feature.id, "charged");
    this.#answer(answer, body, cost, paid.available);
  }

  /**
   * The client gets the bytes as they come; the end of the message waits for the capture. An answer that could not
   * be charged is cut, so that no client takes it for complete. What it costs may stand in the answer's trailers: who
   * streams often knows it only at the end.
   */
  async #stream(hold: Held, watch: CallWatch, answer: UpstreamAnswer): Promise<void> {
    const { res, feature } = this.#request;
    const named = answer.headers[COST];
    // A header that is none is told before the first byte.
    if (named !== undefined && chargedAmount(feature.cost, named) === undefined) {
      return await this.#fail(hold, watch, unnamedCost());
    }
    this.#beginStream(hold, answer);
    let cost: number | undefined;
    try {
      for await (const chunk of answer.body as AsyncIterable<Buffer>) await writeTo(res, chunk, watch.signal);
      watch.throwIfOver();
      cost = chargedAmount(feature.cost, named ?? answer.trailers[COST]);
      if (cost === undefined) throw unnamedCost();
    } catch (error) {
      return await this.#fail(hold, watch, error);
    }
    const available = await this.#payStreamed(hold, cost);
    res.addTrailers(creditHeaders(cost, available));
    res.end();
  }

  #beginStream(hold: Held, answer: UpstreamAnswer): void {
    const { res } = this.#request;
    const headers = headersForClient(answer.headers);
    delete headers["content-length"];
    setHeaders(res, answer.status, {
      ...headers,
      "stipend-credits-held": String(hold.amount),
      trailer: "Stipend-Credits-Charged, Stipend-Credits-Remaining",
    });
    res.flushHeaders();
  }

  /** @returns what is available then. @throws Refusal charge_failed. */
  async #payStreamed(hold: Held, cost: number): Promise<number | undefined> {
    const { metrics, settler } = this.#parts;
    const { feature, caller } = this.#request;
    if (cost > 0) {
      const { available } = await this.#capture(hold, cost);
      metrics.counted(feature.id, "charged");
      return available;
    }
    metrics.counted(feature.id, "free");
    const undone = await settler.release(hold.holdId, caller, RELEASE_WITHIN_MS, false);
    return undone.kind === "released" ? undone.available : undefined;
  }

  /** @throws Refusal charge_failed when the hold could not be captured; it is given back then. */
  async #capture(hold: Held, cost: number): Promise<{ available: number | undefined }> {
    const { ledger, settler, metrics, log } = this.#parts;
    const { caller, feature } = this.#request;
    const outcome = await ledger.capture(hold.holdId, cost, caller, CAPTURE_WITHIN_MS);
    if (outcome.kind === "done") return { available: outcome.available };
    if (outcome.kind === "ended" && outcome.status === "captured") return { available: undefined };
    // Ended: it lapsed before the capture came. Uncertain: the release tells whether a capture whose answer was
    // lost stands in the ledger; if it does, the call is paid for and may be delivered.
    const undone =
      outcome.kind === "ended"
        ? ({ kind: "released" } as const)
        : await settler.release(hold.holdId, caller, RELEASE_WITHIN_MS, true);
    if (undone.kind === "captured") return { available: undefined };
    log.error(
      { holdId: hold.holdId, feature: feature.id, outcome: outcome.kind },
      "a served call could not be charged",
    );
    metrics.counted(feature.id, "charge_failed");
    throw new Refusal("charge_failed", {
      message:
        undone.kind === "released"
          ? "The feature answered but the credits could not be charged; nothing was charged"
          : "The feature answered but the credits could not be charged; they come back by themselves",
      details: { feature: feature.id, creditsCharged: 0 },
      retryAfterSeconds: 5,
    });
  }

  /** Gives the hold back and says why. */
  async #fail(hold: Held, watch: CallWatch, error: unknown): Promise<void> {
    const { settler, metrics, log } = this.#parts;
    const { feature, caller, res } = this.#request;
    if (watch.clientGone) {
      metrics.counted(feature.id, "client_gone");
      settler.releaseLater(hold.holdId, caller);
      res.destroy();
      return;
    }
    const undone = await settler.release(hold.holdId, caller, RELEASE_WITHIN_MS, true);
    const available = undone.kind === "released" ? undone.available : undefined;
    const refusal = this.#failureOf(error, watch, hold, undone.kind === "released", available);
    metrics.counted(feature.id, refusal.code === "feature_timed_out" ? "timed_out" : "failed");
    log.warn({ err: error, feature: feature.id, holdId: hold.holdId, code: refusal.code }, "metered call failed");
    throw refusal;
  }

  #failureOf(error: unknown, watch: CallWatch, hold: Held, returned: boolean, available: number | undefined): Refusal {
    const code = watch.timedOut || isCode(error, "upstream_timeout") ? "feature_timed_out" : "feature_failed";
    const back = returned ? "the credits were given back" : "the credits come back by themselves within a short time";
    const headers = creditHeaders(0, available);
    const details = { feature: this.#request.feature.id, creditsHeld: hold.amount, creditsCharged: 0 };
    // The client's own fault, or ours before the upstream did anything: said as it is.
    const said = SAID_AS_IT_IS.find((known) => isCode(error, known));
    if (said !== undefined && error instanceof Refusal) {
      return new Refusal(said, {
        message: `${error.message}; ${back}`,
        details: { ...error.details, ...details },
        headers,
      });
    }
    const upstreamStatus = error instanceof FeatureFault ? error.status : undefined;
    return new Refusal(code, {
      message: `${code === "feature_timed_out" ? "The feature did not answer in time" : "The feature failed"}; ${back}`,
      details: { ...details, ...(upstreamStatus === undefined ? {} : { upstreamStatus }) },
      headers,
      cause: error,
    });
  }

  #answer(answer: UpstreamAnswer, body: Buffer, charged: number, available: number | undefined): void {
    const { res } = this.#request;
    setHeaders(res, answer.status, {
      ...headersForClient(answer.headers),
      ...creditHeaders(charged, available),
      ...(res.req.complete ? {} : { connection: "close" }),
      // RFC 9110 §8.6: where there can be no body, there is no length of it.
      ...(answer.status === 204 ? {} : { "content-length": String(body.length) }),
    });
    res.end(body);
  }
}

const SAID_AS_IT_IS = ["body_too_large", "request_timeout", "overloaded"] as const;

/** The upstream answered, but not in a way that is worth paying for. */
class FeatureFault extends Error {
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.name = "FeatureFault";
    this.status = status;
  }
}

function unnamedCost(): FeatureFault {
  return new FeatureFault("the upstream named no cost");
}

function creditHeaders(charged: number, available: number | undefined): Record<string, string> {
  return {
    "stipend-credits-charged": String(charged),
    ...(available === undefined ? {} : { "stipend-credits-remaining": String(available) }),
  };
}

function setHeaders(res: ServerResponse, status: number, headers: HeaderMap): void {
  res.statusCode = status;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
}

/** credits' own refusal, as it stands. */
function passOn(res: ServerResponse, answer: JsonAnswer): void {
  const retryAfter = answer.headers["retry-after"];
  setHeaders(res, answer.status, {
    "content-type": "application/problem+json; charset=utf-8",
    "cache-control": "no-store",
    ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
    "stipend-credits-charged": "0",
    // A body that is not wanted is not waited for.
    ...(res.req.complete ? {} : { connection: "close" }),
  });
  res.end(JSON.stringify(answer.body));
}

async function readWhole(answer: UpstreamAnswer, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limit) throw new FeatureFault(`the upstream's answer has more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/**
 * Writes with back pressure. A client that is gone takes nothing: by policy the call goes on to its end without it. One
 * that is there but does not read is waited for until the call's time is over.
 *
 * @throws the signal's reason.
 */
async function writeTo(res: ServerResponse, chunk: Buffer, signal: AbortSignal): Promise<void> {
  if (res.destroyed || res.write(chunk)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      res.off("drain", done);
      res.off("close", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    res.on("drain", done);
    res.on("close", done);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
  signal.throwIfAborted();
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Refusal && error.code === code;
}
