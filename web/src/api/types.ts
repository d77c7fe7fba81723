/** Shapes of the API, taken from the contracts themselves: types only, nothing of them is loaded. */
import type { AuditEntry } from "@stipend/proto/http/audit";
import type * as credits from "@stipend/proto/http/credits";
import type * as membership from "@stipend/proto/http/membership";
import type * as monitor from "@stipend/proto/http/monitor";
import type { z } from "zod";

type BodyOf<R> = R extends { responses: { 200: { schema: infer S extends z.ZodType } } } ? z.infer<S> : never;

export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
}

export type Account = z.infer<typeof credits.Account>;
export type Grant = Account["grants"][number];
export type Transaction = z.infer<typeof credits.Transaction>;
export type GrantKind = z.infer<typeof credits.GrantKind>;
export type Hold = z.infer<typeof credits.Hold>;
export type Usage = BodyOf<typeof credits.usage>;
export type Offer = BodyOf<typeof credits.listPackages>["data"][number];
export type Package = BodyOf<typeof credits.adminListPackages>["data"][number];
export type ScheduledMonth = BodyOf<typeof credits.schedule>["data"][number];
export type MembershipChange = BodyOf<typeof membership.membershipHistory>["data"][number];
/** A change above the four-eyes threshold, waiting for a second admin. */
export type Approval = z.infer<typeof credits.Approval>;
export type ApprovalStatus = Approval["status"];
export type Tier = z.infer<typeof membership.Tier>;
export type User = z.infer<typeof membership.User>;
export type Overview = z.infer<typeof monitor.Overview>;
export type DayTotals = BodyOf<typeof monitor.dailyTotals>;
export type Alert = z.infer<typeof monitor.Alert>;
export type AlertStatus = z.infer<typeof monitor.AlertStatus>;
export type Consistency = z.infer<typeof monitor.Consistency>;
export type ConsistencyReport = z.infer<typeof monitor.ConsistencyCheckReport>;
export type Verification = BodyOf<typeof import("@stipend/proto/http/audit")["auditVerify"]>;
export type { AuditEntry };
