import { internalAuth } from "@stipend/platform/auth/internal";
import { serve } from "@stipend/platform/http/serve";
import { HttpServer } from "@stipend/platform/http/server";
import { silentLog } from "@stipend/platform/log/log";
import { type AuditVerification, auditVerify } from "@stipend/proto/http/audit";
import {
  type BooksRepairResponse,
  booksRepair,
  type CreditsCheckItem,
  creditsCheck,
  creditsOutbox,
  type MembershipCheckItem,
  membershipCheck,
  type RepairPlan,
  repairPlans,
  viewRepair,
} from "@stipend/proto/http/checks";

/** Credits and membership as far as the monitor asks them, with accounts that a test can set wrong. */
export class CheckDoubles {
  readonly accounts = new Map<string, CreditsCheckItem>();
  readonly views = new Map<string, MembershipCheckItem>();
  readonly credits: HttpServer;
  readonly membership: HttpServer;
  readonly audit: HttpServer;
  /** What credits would do about the books of an account; those without one can't be planned for. */
  readonly plans = new Map<string, RepairPlan>();
  /** What credits answers to a repair of books; above all "repaired", which makes them sound. */
  booksOutcome: BooksRepairResponse["outcome"] = "repaired";
  /** Who had which books mended. */
  readonly booksRepairs: Record<string, unknown>[] = [];
  /** Who had which view mended. */
  readonly repairs: Record<string, unknown>[] = [];
  /** What the outbox of credits says. */
  outbox: { pending: number; failed: number; oldestAt: string | null } = { pending: 0, failed: 0, oldestAt: null };
  proof: Pick<AuditVerification, "valid" | "checked" | "firstBad"> = { valid: true, checked: 1, firstBad: null };

  constructor(jwksFile: string) {
    this.credits = this.#door("credits", jwksFile);
    serve(this.credits.app, creditsCheck, async ({ body }) => {
      const ids = [...this.accounts.keys()].sort();
      const wanted = body.userIds ?? ids.filter((id) => id > (body.after ?? "")).slice(0, body.limit ?? 500);
      const last = wanted.at(-1);
      const more = body.userIds === undefined && last !== undefined && ids.at(-1) !== last;
      const data = wanted.flatMap((id) => this.accounts.get(id) ?? []);
      return { body: { data, nextAfter: more ? last : null } };
    });
    serve(this.credits.app, repairPlans, async ({ body }) => ({
      body: {
        data: body.userIds.flatMap((userId) => {
          const plan = this.plans.get(userId);
          return plan === undefined ? [] : [{ ...plan, userId }];
        }),
      },
    }));
    serve(this.credits.app, booksRepair, async ({ body, actor }) => {
      const { userId, proposal, reason } = body;
      this.booksRepairs.push({ userId, proposal, reason, actor: actor.sub, ip: actor.ip });
      const outcome = this.booksOutcome;
      if (outcome === "repaired") this.mended(userId);
      return {
        body: {
          userId,
          outcome,
          transactionId: outcome === "repaired" ? "77" : null,
          approvalId: outcome === "waits" ? "5" : null,
        },
      };
    });
    this.membership = this.#door("membership", jwksFile);
    serve(this.membership.app, membershipCheck, async ({ body }) => ({
      body: { data: body.userIds.flatMap((id) => this.views.get(id) ?? []) },
    }));
    serve(this.membership.app, viewRepair, async ({ body, actor }) => {
      const { userId, credits, seen } = body;
      const before = this.views.get(userId);
      this.repairs.push({ userId, actor: actor.sub, reason: body.reason, ip: actor.ip });
      if (before === undefined || before.balanceVersion !== seen.version || before.balance !== seen.balance) {
        return { body: { userId, outcome: "changed_meanwhile" } };
      }
      const { balance, held, version } = credits;
      this.view(userId, { balance, held, balanceVersion: version });
      return { body: { userId, outcome: "repaired" } };
    });
    serve(this.credits.app, creditsOutbox, async () => ({ body: this.outbox }));
    this.audit = this.#door("admin-audit", jwksFile);
    serve(this.audit.app, auditVerify, async () => ({
      body: { ...this.proof, archivedUpTo: null, head: { seq: 1, hash: "ab" }, anchors: [] },
    }));
  }

  /** An account that both sides show the same. */
  set(userId: string, version: number, balance: number): void {
    this.accounts.set(userId, { userId, version, balance, held: 0, status: "active", problems: [] });
    const membership = { tier: null, status: null, membershipVersion: 0 };
    this.views.set(userId, { userId, balance, held: 0, balanceVersion: version, ...membership });
  }

  /** Books that do not add up, and what credits would do: nothing changes for the customer, unless `balance` says so. */
  broken(userId: string, proposal: string, balance?: number): void {
    const account = this.accounts.get(userId);
    if (account === undefined) throw new Error(`no account ${userId}`);
    this.accounts.set(userId, { ...account, problems: ["ledger_sum"] });
    const figures = { balance: account.balance, held: 0, status: "active" as const, allowance: 0 };
    this.plans.set(userId, {
      proposal,
      version: account.version,
      restates: false,
      found: { ...figures, version: account.version, grants: account.balance, reserved: 0, holds: 0 },
      told: { balance: account.balance, held: 0 },
      newestRow: { version: account.version, balance: account.balance },
      after: { ...figures, balance: balance ?? account.balance },
      newGrant: 0,
      grantsChanged: 0,
      grants: [],
      holdsChanged: 0,
      holds: [],
    });
  }

  /** As credits leaves an account that it has mended: a version on, and its event on the way to the view. */
  mended(userId: string): void {
    const account = this.accounts.get(userId);
    const plan = this.plans.get(userId);
    if (account === undefined || plan === undefined) return;
    this.plans.delete(userId);
    const { balance } = plan.after;
    this.accounts.set(userId, { ...account, version: account.version + 1, balance, problems: [] });
  }

  view(userId: string, over: Partial<MembershipCheckItem>): void {
    const view = this.views.get(userId);
    if (view !== undefined) this.views.set(userId, { ...view, ...over });
  }

  async start(): Promise<void> {
    await this.credits.start();
    await this.membership.start();
    await this.audit.start();
  }

  async stop(): Promise<void> {
    await this.credits.stop();
    await this.membership.stop();
    await this.audit.stop();
  }

  #door(audience: string, jwksFile: string): HttpServer {
    const server = new HttpServer({ host: "127.0.0.1", port: 0, log: silentLog() });
    server.app.use(internalAuth({ jwksFile, audience }));
    return server;
  }
}
