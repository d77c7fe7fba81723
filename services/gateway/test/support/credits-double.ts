import type { IncomingMessage, ServerResponse } from "node:http";
import { readAll, serveHttp } from "./servers.ts";

/**
 * A small account book with the HTTP of credits' holds, for what can't be asked of the real service at will: answers
 * that get lost, calls that never come back. The same flow runs against the real service in the int tests.
 */
export interface CreditsDouble {
  readonly url: string;
  readonly state: {
    balance: number;
    readonly holds: Map<string, Hold>;
    readonly rows: string[];
    readonly refunds: string[];
    /** Every call that came, whatever became of it. */
    readonly calls: string[];
  };
  /** What happens to the next calls whose path matches; the function returned ends it. */
  fault(match: RegExp, what: Fault, times?: number): () => void;
}

/** lost: done, but the answer never comes; refused: not done, connection cut; 503: not done, said so; hang: no answer. */
type Fault = "lost" | "refused" | "503" | "hang";

interface Hold {
  readonly id: string;
  readonly amount: number;
  status: "open" | "captured" | "released" | "expired";
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export async function startCreditsDouble(balance: number): Promise<CreditsDouble> {
  const state: CreditsDouble["state"] = { balance, holds: new Map(), rows: [], refunds: [], calls: [] };
  const faults: { match: RegExp; what: Fault; times: number }[] = [];
  const answers = new Map<string, Answer>();

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = req.url ?? "";
    const text = await readAll(req);
    state.calls.push(`${req.method} ${path}`);
    const fault = faults.find(({ match, times }) => times > 0 && match.test(`${req.method} ${path}`));
    if (fault !== undefined) fault.times -= 1;
    if (fault?.what === "hang") return;
    if (fault?.what === "refused") return void res.destroy();
    if (fault?.what === "503") return send(res, { status: 503, body: { code: "database_unavailable" } }, false);
    const { answer, replayed } = once(
      state,
      answers,
      req,
      path,
      text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
    );
    if (fault?.what === "lost") return void res.destroy();
    send(res, answer, replayed);
  }

  const { url } = await serveHttp((req, res) => void handle(req, res));
  const fault: CreditsDouble["fault"] = (match, what, times = 1) => {
    const entry = { match, what, times };
    faults.push(entry);
    return () => {
      entry.times = 0;
    };
  };
  return { url, state, fault };
}

function send(res: ServerResponse, { status, body }: Answer, replayed: boolean): void {
  res.writeHead(status, { "content-type": "application/json", ...(replayed ? { "idempotent-replayed": "true" } : {}) });
  res.end(JSON.stringify(body));
}

function once(
  state: CreditsDouble["state"],
  answers: Map<string, Answer>,
  req: IncomingMessage,
  path: string,
  body: Record<string, unknown>,
): { answer: Answer; replayed: boolean } {
  const key = req.headers["idempotency-key"];
  if (req.method === "GET") return { answer: read(state, path), replayed: false };
  if (typeof key !== "string")
    return { answer: { status: 400, body: { code: "idempotency_key_required" } }, replayed: false };
  const known = answers.get(`${path} ${key}`);
  if (known !== undefined) return { answer: known, replayed: true };
  const answer = write(state, path, body);
  if (answer.status < 300) answers.set(`${path} ${key}`, answer);
  return { answer, replayed: false };
}

function available(state: CreditsDouble["state"]): number {
  const held = [...state.holds.values()]
    .filter(({ status }) => status === "open")
    .reduce((sum, { amount }) => sum + amount, 0);
  return state.balance - held;
}

function read(state: CreditsDouble["state"], path: string): Answer {
  const hold = state.holds.get(path.split("/").at(-1) ?? "");
  if (hold === undefined) return { status: 404, body: { code: "hold_not_found" } };
  const transactionId = hold.status === "captured" ? `9${hold.id}` : null;
  const expiresAt = new Date(Date.now() + 1_000).toISOString();
  return { status: 200, body: { holdId: hold.id, status: hold.status, expiresAt, transactionId } };
}

function write(state: CreditsDouble["state"], path: string, body: Record<string, unknown>): Answer {
  if (path === "/api/credits/refund") {
    state.refunds.push(String(body["transactionId"]));
    return { status: 200, body: {} };
  }
  const [, , , , holdId, step] = path.split("/");
  if (holdId === undefined) return open(state, Number(body["amount"]));
  const hold = state.holds.get(holdId);
  if (hold === undefined) return { status: 404, body: { code: "hold_not_found" } };
  if (hold.status !== "open") return { status: 409, body: { code: "hold_ended", holdStatus: hold.status, holdId } };
  hold.status = step === "capture" ? "captured" : "released";
  const amount = Number(body["amount"] ?? hold.amount);
  if (hold.status === "captured") state.balance -= amount;
  state.rows.push(`${step} ${hold.status === "captured" ? amount : hold.amount}`);
  const transactionId = `9${hold.id}`;
  return { status: 200, body: { holdId, transactionId, status: hold.status, available: available(state) } };
}

function open(state: CreditsDouble["state"], amount: number): Answer {
  if (available(state) < amount) {
    const shortfall = amount - available(state);
    return { status: 402, body: { code: "insufficient_credits", shortfall, options: [{ action: "top_up" }] } };
  }
  const hold: Hold = { id: String(state.holds.size + 1), amount, status: "open" };
  state.holds.set(hold.id, hold);
  state.rows.push(`hold ${amount}`);
  return { status: 201, body: { holdId: hold.id, available: available(state) } };
}
