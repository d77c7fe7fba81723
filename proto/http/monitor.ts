import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { RepairPlan } from "./checks.ts";
import { Cursor, PageLimit, page, Reason, UserId } from "./common.ts";

/** HTTP of the monitor: alerts, the overview and the proof of consistency. */

export const AlertFamily = z
  .enum(["consistency", "membership", "transactions", "admin", "machinery"])
  .meta({ description: "Which kind of notice it leads to: repair, business, security, management, operations." });
export const AlertSeverity = z.enum(["info", "warning", "critical"]);
export const AlertStatus = z.enum(["open", "acknowledged", "resolved"]);

const instant = z.iso.datetime();

export const Alert = z
  .object({
    id: z.uuid(),
    fingerprint: z.string().meta({ description: "The rule and what it is about: one alert at a time for each." }),
    rule: z.string().meta({ examples: ["large_change"] }),
    family: AlertFamily,
    severity: AlertSeverity,
    status: AlertStatus,
    userId: z.string().nullable(),
    firstSeenAt: instant,
    lastSeenAt: instant,
    count: z.int().min(1).meta({ description: "Events that led to it; for rules with a window: of the fullest one." }),
    evidence: z.record(z.string(), z.unknown()),
    links: z.object({
      account: z.string().nullable().meta({ description: "The account it is about, in this API." }),
      trace: z
        .string()
        .nullable()
        .meta({ description: "The trace of the event, where links.traceUrl says traces stand." }),
    }),
    raisedAt: instant,
    acknowledgedAt: instant.nullable(),
    acknowledgedBy: z.string().nullable(),
    resolvedAt: instant.nullable(),
    resolvedBy: z.string().nullable(),
    resolution: z.enum(["recovered", "manual"]).nullable(),
    note: z.string().nullable(),
  })
  .meta({ id: "Alert" });

export const AlertPage = page(Alert).meta({ id: "AlertPage" });

export const AlertListQuery = z.strictObject({
  family: AlertFamily.optional(),
  status: AlertStatus.optional(),
  severity: AlertSeverity.optional(),
  rule: z
    .string()
    .regex(/^[a-z0-9_]{1,64}$/)
    .optional(),
  userId: UserId.optional(),
  limit: PageLimit,
  cursor: Cursor.optional(),
});

const AlertParams = z.strictObject({ id: z.uuid() });
const WithReason = z.strictObject({ reason: Reason });

const counts = z.object({ checked: z.int(), equal: z.int(), lagging: z.int(), different: z.int() });

const RepairAction = z.enum(["refresh_view", "repair_books"]).meta({
  description:
    "refresh_view: membership takes over what credits says. repair_books: credits makes the account agree with its ledger, by a row that says so.",
});

const Difference = z.object({
  userId: z.string(),
  checkedAt: instant,
  problems: z.array(z.string()).meta({ description: "Codes of what does not add up." }),
  credits: z.object({ version: z.int(), balance: z.int(), held: z.int() }),
  view: z.object({ version: z.int(), balance: z.int(), held: z.int() }).nullable(),
  repair: z
    .object({
      action: RepairAction,
      proposal: z
        .string()
        .meta({ description: "For the call that repairs: it is refused once something else differs." }),
      plan: RepairPlan.nullable().meta({ description: "Of the books; null: only the view changes." }),
    })
    .nullable()
    .meta({ description: "What one call would do about it; null: nothing differs, or nobody could say." }),
});

export const Consistency = z
  .object({
    accountsChecked: z.int().meta({ description: "Accounts with a comparison on record." }),
    equal: z.int(),
    lagging: z.int().meta({ description: "The status view is behind the books: events on their way." }),
    different: z.int(),
    oldestCheckAt: instant.nullable(),
    laggingSince: instant.nullable().meta({ description: "Since when the longest of them stands still." }),
    pass: z.object({ startedAt: instant.nullable(), checked: z.int() }),
    lastPass: z.object({ startedAt: instant.nullable(), finishedAt: instant.nullable(), checked: z.int().nullable() }),
    passes: z.int(),
    differences: z.array(Difference).meta({ description: "At most 100." }),
    asOf: instant,
  })
  .meta({ id: "Consistency" });

export const ConsistencyCheckRequest = z.strictObject({
  userId: UserId.optional().meta({ description: "One account; left out: every account." }),
});

export const ConsistencyCheckReport = counts
  .extend({
    complete: z.boolean().meta({ description: "false: the pass goes on in the background." }),
    differences: z.array(Difference),
  })
  .meta({ id: "ConsistencyCheckReport" });

export const ConsistencyRepairRequest = z.strictObject({
  userId: UserId,
  reason: Reason,
  proposal: z.string().min(1).max(64).optional().meta({
    description: "Of the alert or difference that was looked at; left out: whatever differs by now.",
  }),
});

export const ConsistencyRepairReport = z
  .object({
    userId: z.string(),
    action: RepairAction,
    transactionId: z
      .string()
      .nullable()
      .meta({ description: "The ledger row that tells of it; null: only the view changed." }),
    before: Difference,
    after: Difference,
  })
  .meta({ id: "ConsistencyRepairReport" });

export const Overview = z
  .object({
    alerts: z.object({
      open: z.int(),
      acknowledged: z.int(),
      bySeverity: z.record(z.string(), z.int()),
      byFamily: z.record(z.string(), z.int()),
    }),
    accounts: z.object({ known: z.int(), frozen: z.int(), balance: z.int(), held: z.int(), withGaps: z.int() }),
    members: z.object({
      active: z.int(),
      byTier: z.record(z.string(), z.int()).meta({ description: "Active members of each tier." }),
      byStatus: z.record(z.string(), z.int()),
    }),
    today: z
      .record(z.string(), z.object({ events: z.int(), amount: z.int() }))
      .meta({ description: "By kind of event, since 00:00 UTC; amount: signed whole credits." }),
    topics: z.array(z.object({ topic: z.string(), events: z.int(), lastEventAt: instant, readAt: instant })),
    consistency: z.object({
      accountsChecked: z.int(),
      lagging: z.int(),
      different: z.int(),
      oldestCheckAt: instant.nullable(),
    }),
    asOf: instant,
  })
  .meta({ id: "Overview" });

export const DailyTotals = z
  .object({
    data: z
      .array(
        z.object({
          day: z.iso.date().meta({ description: "UTC." }),
          kinds: z
            .record(z.string(), z.object({ events: z.int(), amount: z.int() }))
            .meta({ description: "By kind of event, as `today` of the overview." }),
        }),
      )
      .meta({ description: "Oldest first, days without events included; the last one is today." }),
    asOf: instant,
  })
  .meta({ id: "DailyTotals" });

export type DailyTotals = z.infer<typeof DailyTotals>;

export const NotificationDelivery = z
  .object({
    deliveryId: z
      .uuid()
      .meta({ description: "The same at every attempt: webhook-id of a webhook, Message-ID of a mail." }),
    channel: z.string(),
    kind: z.enum(["change", "digest", "quiet"]).meta({
      description: "One change of an alert, a digest, or what quiet hours held back.",
    }),
    status: z.enum(["waiting", "sent", "failed"]),
    attempts: z.int(),
    changes: z.int().meta({ description: "Changes of alerts in it." }),
    firstAlertId: z.uuid().nullable(),
    nextAttemptAt: instant.nullable(),
    lastError: z.string().nullable(),
    createdAt: instant,
    finishedAt: instant.nullable(),
  })
  .meta({ id: "NotificationDelivery" });

export const NotificationPage = page(NotificationDelivery).meta({ id: "NotificationPage" });

const ChannelName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/);

export const NotificationListQuery = z.strictObject({
  channel: ChannelName.optional(),
  status: z.enum(["waiting", "sent", "failed"]).optional(),
  alertId: z.uuid().optional(),
  limit: PageLimit,
  cursor: Cursor.optional(),
});

export type Alert = z.infer<typeof Alert>;
export type Consistency = z.infer<typeof Consistency>;
export type ConsistencyCheckReport = z.infer<typeof ConsistencyCheckReport>;
export type Overview = z.infer<typeof Overview>;

export const alertsList = defineRoute({
  id: "monitor.alerts.list",
  method: "GET",
  path: "/api/admin/alerts",
  roles: ["support", "admin"],
  summary: "Alerts, newest first",
  tags: ["monitor"],
  query: AlertListQuery,
  responses: { 200: { description: "A page of alerts", schema: AlertPage } },
  errors: ["invalid_cursor"],
});

export const alertsAcknowledge = defineRoute({
  id: "monitor.alerts.acknowledge",
  method: "POST",
  path: "/api/admin/alerts/:id/acknowledge",
  roles: ["admin"],
  summary: "Somebody is looking into this alert",
  tags: ["monitor"],
  params: AlertParams,
  body: WithReason,
  responses: { 200: { description: "The alert; unchanged if it was acknowledged already", schema: Alert } },
  errors: ["alert_not_found", "alert_resolved"],
});

export const alertsResolve = defineRoute({
  id: "monitor.alerts.resolve",
  method: "POST",
  path: "/api/admin/alerts/:id/resolve",
  roles: ["admin"],
  summary: "This alert is dealt with",
  tags: ["monitor"],
  params: AlertParams,
  body: WithReason,
  responses: { 200: { description: "The alert", schema: Alert } },
  errors: ["alert_not_found", "alert_resolved"],
});

export const overview = defineRoute({
  id: "monitor.overview",
  method: "GET",
  path: "/api/admin/overview",
  roles: ["support", "admin"],
  summary: "The state of everything in numbers",
  tags: ["monitor"],
  responses: { 200: { description: "Counts, as the events told them", schema: Overview } },
  errors: [],
});

export const dailyTotals = defineRoute({
  id: "monitor.overview.days",
  method: "GET",
  path: "/api/admin/overview/days",
  roles: ["support", "admin"],
  summary: "What moved, day by day, for charts",
  tags: ["monitor"],
  query: z.strictObject({ days: z.coerce.number().int().min(1).max(366).default(30) }),
  responses: { 200: { description: "One entry a day", schema: DailyTotals } },
  errors: [],
});

export const consistency = defineRoute({
  id: "monitor.consistency",
  method: "GET",
  path: "/api/admin/consistency",
  roles: ["support", "admin"],
  summary: "How far the proof of consistency has come, and what it found",
  tags: ["monitor"],
  responses: { 200: { description: "Accounts checked, differences, lag", schema: Consistency } },
  errors: [],
});

export const consistencyCheck = defineRoute({
  id: "monitor.consistency.check",
  method: "POST",
  path: "/api/admin/consistency/check",
  roles: ["admin"],
  summary: "Compare one account, or all of them, now",
  tags: ["monitor"],
  body: ConsistencyCheckRequest,
  responses: {
    200: { description: "What was found", schema: ConsistencyCheckReport },
    202: { description: "The pass goes on in the background; what was found so far", schema: ConsistencyCheckReport },
  },
  errors: ["user_not_found", "upstream_failed", "upstream_timeout"],
});

export const consistencyRepair = defineRoute({
  id: "monitor.consistency.repair",
  method: "POST",
  path: "/api/admin/consistency/repair",
  roles: ["admin"],
  summary:
    "Compare one account and do what is proposed: the books agree with the ledger, the status view with the books",
  tags: ["monitor"],
  body: ConsistencyRepairRequest,
  responses: {
    200: { description: "What was wrong, and how it is now", schema: ConsistencyRepairReport },
    202: {
      description: "It changes more than one admin alone may: another one has to approve it",
      schema: z.object({ approvalId: z.string() }),
    },
  },
  errors: ["user_not_found", "nothing_to_repair", "proposal_outdated", "repair_by_hand", "upstream_failed"],
});

export const notificationsList = defineRoute({
  id: "monitor.notifications.list",
  method: "GET",
  path: "/api/admin/notifications",
  roles: ["support", "admin"],
  summary: "The log of notices sent to channels, newest first",
  tags: ["monitor"],
  query: NotificationListQuery,
  responses: { 200: { description: "A page of deliveries", schema: NotificationPage } },
  errors: ["invalid_cursor"],
});

export const notificationTest = defineRoute({
  id: "monitor.notifications.test",
  method: "POST",
  path: "/api/admin/notifications/test",
  roles: ["admin"],
  summary: "Send a message to one channel, to try it",
  tags: ["monitor"],
  body: z.strictObject({ channel: ChannelName.meta({ description: "A channel of deploy/monitor.yaml" }) }),
  responses: {
    200: {
      description: "The channel took it",
      schema: z.object({ channel: z.string(), deliveryId: z.uuid() }).meta({ id: "NotificationTest" }),
    },
  },
  errors: ["channel_not_found", "notification_failed"],
});
