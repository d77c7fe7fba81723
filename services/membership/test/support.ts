import { fromJson } from "@bufbuild/protobuf";
import { createLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { parseJson } from "@stipend/platform/mysql/values";
import { type AdminActionRecorded, AdminActionRecordedSchema } from "@stipend/proto/events/admin/v1/events";
import {
  type MembershipChanged,
  MembershipChangedSchema,
  type MembershipExpiring,
  MembershipExpiringSchema,
} from "@stipend/proto/events/membership/v1/events";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { type FreshDatabase, freshDatabase } from "@stipend/testing/fresh-database";
import { v7 as uuidv7 } from "uuid";
import { MysqlMembershipStore } from "../src/store/membership-store.ts";
import type { Asker, Deps } from "../src/usecases/ports.ts";
import { type SetMembership, setMembership } from "../src/usecases/set-membership.ts";

export interface OutboxRow {
  readonly id: number;
  readonly event_id: string;
  readonly topic: string;
  readonly type: string;
  readonly subject: string;
  readonly payload: unknown;
  readonly traceparent: string | null;
}

/** The schema of the service with everything above it up to the use cases. `owner` sees the tables. */
export interface Rig {
  readonly schema: FreshDatabase;
  readonly db: Database;
  readonly owner: Database;
  readonly deps: Deps;
  commits: number;
  close(): Promise<void>;
}

export async function openRig(options: { timeZone?: string; poolSize?: number } = {}): Promise<Rig> {
  const schema = await freshDatabase(testEngines().mysqlAdminUrl, "membership");
  const log = createLog({ service: "membership-test", level: "silent" });
  // Patient: what a test asks for at once may wait longer than a request would.
  const db = new Database({ url: schema.url, log, poolSize: options.poolSize ?? 8, acquireTimeoutMs: 15_000 });
  const owner = new Database({ url: schema.ownerUrl, log, poolSize: 2 });
  const rig: Rig = {
    schema,
    db,
    owner,
    commits: 0,
    deps: {
      store: new MysqlMembershipStore(db),
      timeZone: options.timeZone ?? "UTC",
      newId: () => uuidv7(),
      committed: () => {
        rig.commits += 1;
      },
    },
    close: async () => {
      await db.stop();
      await owner.stop();
      await schema.drop();
    },
  };
  return rig;
}

export function adminAsker(actor = "root"): Asker {
  return {
    actor,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    admin: {
      id: uuidv7(),
      roles: ["admin", "user"],
      ip: "203.0.113.7",
      userAgent: 'curl/8 "quoted" — ünïcode',
      requestId: "req-1",
      traceId: "0af7651916cd43dd8448eb211c80319c",
    },
  };
}

export const at = (iso: string): Date => new Date(iso);

/** PUT membership as an admin; what is left out is the usual. */
export function put(rig: Rig, command: Partial<SetMembership> & { userId: string; now: Date }) {
  return setMembership(rig.deps, {
    tier: "pro",
    cycle: "monthly",
    expiresAt: undefined,
    terms: "keep",
    reason: "paid by invoice",
    asker: adminAsker(),
    ...command,
  });
}

export async function outbox(rig: Rig, subject?: string): Promise<OutboxRow[]> {
  const where = subject === undefined ? "" : "WHERE subject = ?";
  return rig.owner.query<OutboxRow>(
    `SELECT id, event_id, topic, type, subject, payload, traceparent FROM outbox ${where} ORDER BY id`,
    subject === undefined ? [] : [subject],
  );
}

/** The changes told of a user, decoded as the relay decodes them: a payload that is not proto-JSON fails here. */
export async function changes(rig: Rig, userId: string): Promise<MembershipChanged[]> {
  const rows = (await outbox(rig, userId)).filter((row) => row.type.endsWith(".MembershipChanged"));
  return rows.map((row) => fromJson(MembershipChangedSchema, parseJson(row.payload) as never));
}

export async function audits(rig: Rig, target: string): Promise<AdminActionRecorded[]> {
  const rows = (await outbox(rig, target)).filter((row) => row.topic === "admin.v1");
  return rows.map((row) => fromJson(AdminActionRecordedSchema, parseJson(row.payload) as never));
}

export async function reminders(rig: Rig, userId: string): Promise<MembershipExpiring[]> {
  const rows = (await outbox(rig, userId)).filter((row) => row.type.endsWith(".MembershipExpiring"));
  return rows.map((row) => fromJson(MembershipExpiringSchema, parseJson(row.payload) as never));
}
