import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { hasAnyRole } from "@stipend/platform/auth/actor";
import type { RouteContract } from "@stipend/platform/http/contract";
import { SUBJECTS_HEADER } from "@stipend/platform/http/serve";
import type { OutgoingEvent } from "@stipend/platform/kafka/events";
import type { EventSpool } from "@stipend/platform/kafka/spool";
import { currentTraceparent, parseTraceparent } from "@stipend/platform/telemetry/trace";
import { AdminActionRecordedSchema } from "@stipend/proto/events/admin/v1/events";
import type { Principal } from "../auth/claims.ts";
import type { UpstreamAnswer } from "../forward/upstream.ts";
import { type RequestContext, requirePrincipal } from "../http/context.ts";
import { Refusal } from "../http/refusal.ts";

export interface StaffLogOptions {
  readonly spool: Pick<EventSpool, "put">;
  /** Full name of the topic of admin actions. */
  readonly topic: string;
  readonly now?: () => number;
}

/** People who look at others. */
const STAFF = ["support", "admin", "auditor"] as const;
/** The same person looking at the same kind of data of the same other person is told once in so long. */
const ONCE_IN_MS = 10 * 60_000;
/** Looks remembered; beyond it the oldest are forgotten, and so told again. */
const MOST_REMEMBERED = 100_000;
/** A problem is small; what is larger is none of ours. */
const MAX_PROBLEM_BYTES = 65_536;

/**
 * What staff does without changing anything, and so without an outbox row of the service that answers: reading personal
 * data, and attempts at a change that the service refused. Told to stipend.admin.v1 before the answer goes out.
 */
export class StaffLog {
  readonly #options: StaffLogOptions;
  readonly #told = new Map<string, number>();

  constructor(options: StaffLogOptions) {
    this.#options = options;
  }

  /**
   * The answer to be passed on.
   *
   * @throws Refusal events_unavailable when a look at personal data can't be recorded: then it does not happen.
   */
  async note(context: RequestContext, answer: UpstreamAnswer): Promise<UpstreamAnswer> {
    const principal = requirePrincipal(context);
    if (!hasAnyRole(principal, STAFF)) return answer;
    const isRead = context.contract.method === "GET";
    // A check that is asked for by POST shows as much as a GET does.
    if (answer.status < 300) await this.#noteRead(context, principal, answer);
    if (!isRead && answer.status >= 400 && answer.status < 500 && isPrivileged(context.contract)) {
      return await this.#noteRefused(context, principal, answer);
    }
    return answer;
  }

  async #noteRead(context: RequestContext, principal: Principal, answer: UpstreamAnswer): Promise<void> {
    const kind = context.contract.id;
    const fresh = subjectsOf(answer).filter(
      (subject) => subject !== principal.sub && this.#isNew(principal, subject, kind),
    );
    if (fresh.length === 0) return;
    const after = JSON.stringify({ route: context.contract.path });
    const events = fresh.map((target) =>
      this.#event(context, principal, { action: "data.read", target, outcome: "succeeded", reason: kind, after }),
    );
    if (await this.#options.spool.put(events)) return;
    for (const target of fresh) this.#told.delete(keyOf(principal, target, kind));
    answer.body.destroy();
    throw new Refusal("events_unavailable", {
      message: "what staff looks at has to be recorded, and can't be now",
      retryAfterSeconds: 5,
    });
  }

  async #noteRefused(context: RequestContext, principal: Principal, answer: UpstreamAnswer): Promise<UpstreamAnswer> {
    const body = await readBounded(answer.body);
    const { contract, params } = context;
    const target = params["userId"] ?? Object.values(params)[0] ?? contract.path;
    const code = codeOf(body) ?? `status ${answer.status}`;
    const after = JSON.stringify({ code, status: answer.status, method: contract.method, route: contract.path });
    await this.#options.spool.put([
      this.#event(context, principal, { action: "write.refused", target, outcome: "refused", reason: code, after }),
    ]);
    return { ...answer, body: Readable.from([body]) };
  }

  #isNew(principal: Principal, subject: string, kind: string): boolean {
    const now = this.#options.now?.() ?? performance.now();
    const key = keyOf(principal, subject, kind);
    const told = this.#told.get(key);
    if (told !== undefined && now - told < ONCE_IN_MS) return false;
    this.#told.delete(key);
    this.#told.set(key, now);
    const oldest = this.#told.keys().next().value;
    if (this.#told.size > MOST_REMEMBERED && oldest !== undefined) this.#told.delete(oldest);
    return true;
  }

  #event(
    { caller }: RequestContext,
    principal: Principal,
    said: { action: string; target: string; outcome: "succeeded" | "refused"; reason: string; after: string },
  ): OutgoingEvent {
    const id = randomUUID();
    const time = new Date();
    const traceparent = currentTraceparent() ?? caller.traceparent;
    const message = create(AdminActionRecordedSchema, {
      ...said,
      id,
      service: "gateway",
      actor: principal.sub,
      roles: [...principal.roles],
      ip: caller.ip,
      userAgent: caller.userAgent,
      requestId: caller.requestId,
      traceId: parseTraceparent(traceparent)?.traceId ?? "",
      occurredAt: timestampFromDate(time),
    });
    return {
      id,
      topic: this.#options.topic,
      type: AdminActionRecordedSchema.typeName,
      source: "/stipend/gateway",
      subject: said.target,
      time,
      data: toBinary(AdminActionRecordedSchema, message),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
  }
}

/** Routes of people who act on others. */
export function isPrivileged(contract: RouteContract): boolean {
  return contract.roles !== "anyone" && !contract.roles.includes("user");
}

function keyOf(principal: Principal, subject: string, kind: string): string {
  return `${principal.sub} ${subject} ${kind}`;
}

/** Whose data the service says the answer holds. */
function subjectsOf({ headers }: UpstreamAnswer): readonly string[] {
  const named = headers[SUBJECTS_HEADER];
  return typeof named === "string" && named !== "" ? [...new Set(named.split(","))] : [];
}

async function readBounded(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_PROBLEM_BYTES) throw new Refusal("upstream_failed", { message: "the refusal is too long" });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function codeOf(body: Buffer): string | undefined {
  try {
    const { code } = JSON.parse(body.toString()) as { code?: unknown };
    return typeof code === "string" ? code.slice(0, 100) : undefined;
  } catch {
    return undefined;
  }
}
