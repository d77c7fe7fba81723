import type { Credits, Membership, Movement } from "../../src/core/types.ts";

interface Account {
  credits: Credits;
  membership: Membership;
  grants: { id: string; kind: string; remaining: number; priority: number; expiresAt: string | null }[];
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly user: string;
  readonly key: string | null;
}

interface Stream {
  readonly user: string;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
}

type Refusal = { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> };

/** The API as these tests need it: the gateway's words, with every call written down. */
export class TestServer {
  readonly calls: Call[] = [];
  readonly accounts = new Map<string, Account>();
  readonly #streams = new Set<Stream>();
  readonly #served = new Map<string, Movement>();
  /** Answers that come before the real ones. */
  refuse: ((call: Call) => Refusal | "lost" | "lost after" | undefined) | undefined;
  /** No network at all. */
  down = false;
  acceptedTokens: ((token: string) => boolean) | undefined;
  #gate: Promise<void> | undefined;

  addUser(userId: string, balance = 100): void {
    this.accounts.set(userId, {
      credits: {
        userId,
        balance,
        held: 0,
        available: balance,
        version: 1,
        status: "active",
        allowance: {
          tier: "pro",
          monthlyCredits: balance,
          remaining: balance,
          nextResetAt: "2026-04-01T00:00:00.000Z",
        },
      },
      membership: {
        userId,
        tier: "pro",
        status: "active",
        cycle: "monthly",
        startedAt: "2026-02-01T00:00:00.000Z",
        currentPeriodStart: "2026-02-01T00:00:00.000Z",
        currentPeriodEnd: "2026-03-01T00:00:00.000Z",
        expiresAt: null,
        cancelAtPeriodEnd: false,
        pendingTier: null,
        monthlyCredits: balance,
        version: 1,
      },
      grants: [{ id: "1", kind: "allowance", remaining: balance, priority: 10, expiresAt: null }],
    });
  }

  account(userId: string): Account {
    const account = this.accounts.get(userId);
    if (account === undefined) throw new Error(`no user ${userId}`);
    return account;
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  count(path: string, method = "GET"): number {
    return this.calls.filter((call) => call.path.split("?")[0] === path && call.method === method).length;
  }

  /** Answers wait until the given function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return () => {
      this.#gate = undefined;
      resolve();
    };
  }

  /** Spends from another device; the stream tells it. */
  spend(userId: string, amount: number, reason = "elsewhere"): Movement {
    const account = this.account(userId);
    const before = account.credits;
    const version = before.version + 1;
    const balance = before.balance - amount;
    account.credits = {
      ...before,
      balance,
      available: balance - before.held,
      version,
      allowance: before.allowance && { ...before.allowance, remaining: before.allowance.remaining - amount },
    };
    account.grants = account.grants.map((grant) => ({ ...grant, remaining: grant.remaining - amount }));
    const transaction = {
      id: String(version),
      type: "consume",
      amount: -amount,
      balanceBefore: before.balance,
      balanceAfter: balance,
      heldAfter: before.held,
      reason,
      feature: null,
      createdAt: "2026-03-01T12:00:00.000Z",
    };
    this.#push(userId, "credits", { ...account.credits, transaction });
    return {
      transactionId: transaction.id,
      userId,
      amount,
      balanceBefore: before.balance,
      balanceAfter: balance,
      heldAfter: before.held,
      available: balance - before.held,
      version,
      draws: [{ grantId: "1", kind: "allowance", amount }],
    };
  }

  heartbeat(): void {
    for (const stream of this.#streams) stream.controller.enqueue(new TextEncoder().encode(": \n\n"));
  }

  /** Every stream ends, as when the gateway restarts. */
  cutStreams(): void {
    for (const { controller } of this.#streams) controller.close();
    this.#streams.clear();
  }

  readonly fetch = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const url = String(input);
    const headers = new Headers(init.headers);
    const token = (headers.get("authorization") ?? "").replace("Bearer ", "");
    const user = token.split(":")[0] ?? "";
    const call: Call = { method: init.method ?? "GET", path: url, user, key: headers.get("idempotency-key") };
    if (this.down) throw new TypeError("network down");
    if (url.includes(token)) throw new Error("a token stands in a URL");
    this.calls.push(call);
    await this.#gate;
    const refusal = this.refuse?.(call);
    if (refusal === "lost") throw new TypeError("connection reset");
    if (typeof refusal === "object") return answer(refusal.status, refusal.body, refusal.headers);
    if (this.acceptedTokens?.(token) === false) return answer(401, { code: "token_expired" });
    if (!this.accounts.has(user)) return answer(401, { code: "token_malformed" });
    const good = this.#serve(call, init);
    if (refusal === "lost after") throw new TypeError("connection reset");
    return good;
  };

  #serve(call: Call, init: RequestInit): Response {
    const { credits, membership, grants } = this.account(call.user);
    if (call.path === "/api/events") return this.#stream(call.user, init.signal ?? undefined);
    if (call.path === "/api/credits") return answer(200, { ...credits, grants, lowBalanceThreshold: 10, asOf: "now" });
    if (call.path === "/api/membership") return answer(200, membership);
    if (call.path === "/api/credits/explain") return answer(200, { version: credits.version, grants });
    if (call.path !== "/api/credits/consume" || call.key === null) return answer(404, { code: "not_found" });
    const { amount, reason } = JSON.parse(String(init.body)) as { amount: number; reason: string };
    const replayed = this.#served.get(call.key);
    if (replayed !== undefined) return answer(200, replayed);
    if (amount > credits.available) {
      const { available } = credits;
      const options = [
        { action: "top_up", packages: [{ code: "pack-100", credits: 100 }], href: "/api/credits/packages" },
      ];
      const shortfall = amount - available;
      return answer(402, { code: "insufficient_credits", required: amount, available, shortfall, options });
    }
    const movement = this.spend(call.user, amount, reason);
    this.#served.set(call.key, movement);
    return answer(200, movement);
  }

  #stream(user: string, signal: AbortSignal | undefined): Response {
    let stream: Stream | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        stream = { user, controller };
        this.#streams.add(stream);
      },
      cancel: () => {
        if (stream !== undefined) this.#streams.delete(stream);
      },
    });
    signal?.addEventListener("abort", () => {
      if (stream === undefined || !this.#streams.delete(stream)) return;
      stream.controller.error(new DOMException("Aborted", "AbortError"));
    });
    const { credits, membership } = this.account(user);
    this.#push(user, "credits", { ...credits, transaction: null }, stream);
    this.#push(user, "membership", membership, stream);
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }

  #push(user: string, event: string, data: unknown, only?: Stream): void {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const stream of only === undefined ? this.#streams : [only]) {
      if (stream.user === user) stream.controller.enqueue(new TextEncoder().encode(text));
    }
  }

  cancelMembership(userId: string): void {
    const account = this.account(userId);
    const { version } = account.membership;
    account.membership = { ...account.membership, cancelAtPeriodEnd: true, version: version + 1 };
    this.#push(userId, "membership", account.membership);
  }
}

function answer(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body ?? {}), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}
