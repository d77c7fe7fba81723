import type { ServerResponse } from "node:http";

/** false or ok: false takes the service out of rotation, unless the part is not required (Kafka away: HTTP still works). */
export type PartState =
  | boolean
  | { readonly ok: boolean; readonly required?: boolean; readonly [detail: string]: unknown };

export type ReadinessChecks = Readonly<Record<string, () => PartState | Promise<PartState>>>;

const CHECK_TIMEOUT_MS = 1_500;
/** Probes of several watchers share one round of checks. */
const KEEP_MS = 200;

export interface ReadyReport {
  readonly ready: boolean;
  readonly parts: Readonly<Record<string, { readonly ok: boolean; readonly [detail: string]: unknown }>>;
}

export class Readiness {
  readonly #checks: ReadinessChecks;
  #last: { at: number; report: Promise<ReadyReport> } | undefined;

  constructor(checks: ReadinessChecks) {
    this.#checks = checks;
  }

  report(): Promise<ReadyReport> {
    const now = performance.now();
    if (this.#last === undefined || now - this.#last.at > KEEP_MS) this.#last = { at: now, report: this.#ask() };
    return this.#last.report;
  }

  async #ask(): Promise<ReadyReport> {
    const entries = await Promise.all(
      Object.entries(this.#checks).map(async ([name, check]) => [name, await bounded(check)] as const),
    );
    const ready = entries.every(([, state]) => state.ok || state.required === false);
    return { ready, parts: Object.fromEntries(entries) };
  }
}

async function bounded(check: () => PartState | Promise<PartState>): Promise<Exclude<PartState, boolean>> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<PartState>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, reason: "timeout" }), CHECK_TIMEOUT_MS);
  });
  try {
    const state = await Promise.race([Promise.resolve().then(check), timeout]);
    return typeof state === "boolean" ? { ok: state } : state;
  } catch {
    return { ok: false, reason: "error" };
  } finally {
    clearTimeout(timer);
  }
}

export function sendHealth(res: ServerResponse, status: number, body: unknown): void {
  const text = Buffer.from(JSON.stringify(body));
  res.writeHead(status, {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": text.length,
    "Cache-Control": "no-store",
  });
  res.end(text);
}
