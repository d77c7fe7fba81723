/** Shapes of the API, taken from the contracts themselves: types only, nothing of them is loaded. */
import type { AuditEntry } from "@stipend/proto/http/audit";
import type * as account from "@stipend/proto/http/credits/account";
import type * as approvals from "@stipend/proto/http/credits/approvals";
import type * as holds from "@stipend/proto/http/credits/holds";
import type * as packages from "@stipend/proto/http/credits/packages";
import type * as terms from "@stipend/proto/http/credits/terms";
import type * as transactions from "@stipend/proto/http/credits/transactions";
import type * as usage from "@stipend/proto/http/credits/usage";
import type * as membership from "@stipend/proto/http/membership";
import type * as monitor from "@stipend/proto/http/monitor";
import type { z } from "zod";

type BodyOf<R> = R extends { responses: { 200: { schema: infer S extends z.ZodType } } } ? z.infer<S> : never;

export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
}

export type Account = z.infer<typeof account.Account>;
export type Grant = Account["grants"][number];
export type Transaction = z.infer<typeof transactions.Transaction>;
export type GrantKind = z.infer<typeof terms.GrantKind>;
export type Hold = z.infer<typeof holds.Hold>;
export type Usage = BodyOf<typeof usage.usage>;
export type Offer = BodyOf<typeof packages.listPackages>["data"][number];
export type Package = BodyOf<typeof packages.adminListPackages>["data"][number];
export type ScheduledMonth = BodyOf<typeof account.schedule>["data"][number];
export type MembershipChange = BodyOf<typeof membership.membershipHistory>["data"][number];
/** A change above the four-eyes threshold, waiting for a second admin. */
export type Approval = z.infer<typeof approvals.Approval>;
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
