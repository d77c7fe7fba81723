import { internalAuth } from "@stipend/platform/auth/internal";
import { serve } from "@stipend/platform/http/serve";
import { HttpServer } from "@stipend/platform/http/server";
import { silentLog } from "@stipend/platform/log/log";
import { type AuditVerification, auditVerify } from "@stipend/proto/http/audit";
import {
  type CreditsCheckItem,
  creditsCheck,
  creditsOutbox,
  type MembershipCheckItem,
  membershipCheck,
  viewRepair,
} from "@stipend/proto/http/checks";

/** Credits and membership as far as the monitor asks them, with accounts that a test can set wrong. */
export class CheckDoubles {
  readonly accounts = new Map<string, CreditsCheckItem>();
  readonly views = new Map<string, MembershipCheckItem>();
  readonly credits: HttpServer;
  readonly membership: HttpServer;
  readonly audit: HttpServer;
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
