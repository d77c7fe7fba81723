import { z } from "zod";
import { FAMILIES } from "../domain/alerts.ts";
import type { NoticeRoute, QuietHours } from "../domain/notices.ts";

const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "must be 1 to 64 of a-z 0-9 _ -");
const variable = z.string().regex(/^STIPEND_NOTIFY_[A-Z0-9_]{1,64}$/, "must name a variable STIPEND_NOTIFY_…");
const severity = z.enum(["info", "warning", "critical"]);
const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time such as 22:00");
const zone = z.string().refine((text) => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return true;
  } catch {
    return false;
  }
}, "must be an IANA time zone such as Europe/Berlin");

const quiet = z.strictObject({
  from: clock,
  to: clock,
  timeZone: zone.optional(),
  except: severity.default("critical"),
});
const common = { quiet: quiet.optional() };
const byUrl = { ...common, urlFrom: variable };

const channel = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("webhook"), ...byUrl, secretFrom: variable }),
  z.strictObject({
    kind: z.literal("email"),
    ...byUrl,
    from: z.string().min(3).max(254),
    to: z.array(z.string().min(3).max(254)).min(1).max(50),
  }),
  z.strictObject({ kind: z.literal("slack"), ...byUrl }),
  z.strictObject({ kind: z.literal("feishu"), ...byUrl, secretFrom: variable.optional() }),
  z.strictObject({ kind: z.literal("dingtalk"), ...byUrl, secretFrom: variable.optional() }),
  z.strictObject({ kind: z.literal("wecom"), ...byUrl }),
]);

const route = z.strictObject({
  families: z
    .array(z.enum(FAMILIES))
    .min(1)
    .default([...FAMILIES]),
  minSeverity: severity.default("warning"),
  changes: z
    .array(z.enum(["raised", "recovered"]))
    .min(1)
    .default(["raised", "recovered"]),
  channels: z.array(name).min(1).max(20),
  digestMinutes: z.int().min(0).max(1_440).default(0),
});

const section = z.strictObject({
  channels: z.record(name, channel).default({}),
  routes: z.array(route).max(100).default([]),
});

/** How a channel is reached, its secrets filled in. */
export interface Channel {
  readonly name: string;
  readonly kind: z.infer<typeof channel>["kind"];
  readonly url: string;
  readonly secret: string | null;
  readonly from: string;
  readonly to: readonly string[];
}

export interface NotificationSettings {
  readonly channels: ReadonlyMap<string, Channel>;
  readonly routes: readonly NoticeRoute[];
  readonly quiet: ReadonlyMap<string, QuietHours>;
}

/** The environment's STIPEND_NOTIFY_… variables: addresses and secrets never stand in the file. */
export type Secrets = Readonly<Record<string, string | undefined>>;

export interface NotificationReading {
  readonly settings: NotificationSettings;
  readonly mistakes: readonly string[];
}

export function readNotifications(given: unknown, secrets: Secrets, businessZone: string): NotificationReading {
  const parsed = section.safeParse(given ?? {});
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(({ path, message }) => `notifications.${path.join(".")} ${message}`);
    return { settings: NOBODY, mistakes };
  }
  const { channels, routes } = parsed.data;
  const mistakes: string[] = [];
  const known = new Map<string, Channel>();
  const quietHours = new Map<string, QuietHours>();
  for (const [called, settings] of Object.entries(channels)) {
    const at = `notifications.channels.${called}`;
    known.set(called, channelOf(called, settings, secrets, at, mistakes));
    if (settings.quiet !== undefined) {
      const { from, to, timeZone, except } = settings.quiet;
      if (from === to) mistakes.push(`${at}.quiet must not begin when it ends`);
      quietHours.set(called, {
        fromMinute: minuteOf(from),
        toMinute: minuteOf(to),
        timeZone: timeZone ?? businessZone,
        except,
      });
    }
  }
  routes.forEach((each, place) => {
    for (const called of each.channels) {
      if (!known.has(called))
        mistakes.push(`notifications.routes.${place}.channels names ${called}, which is no channel`);
    }
  });
  return { settings: { channels: known, routes, quiet: quietHours }, mistakes };
}

const NOBODY: NotificationSettings = { channels: new Map(), routes: [], quiet: new Map() };

function channelOf(
  called: string,
  settings: z.infer<typeof channel>,
  secrets: Secrets,
  at: string,
  mistakes: string[],
): Channel {
  const url = secrets[settings.urlFrom];
  const protocols = settings.kind === "email" ? ["smtp:", "smtps:"] : ["http:", "https:"];
  if (url === undefined || !URL.canParse(url) || !protocols.includes(new URL(url).protocol)) {
    mistakes.push(
      `${at}.urlFrom: ${settings.urlFrom} must be set to a URL that begins with ${protocols.join("// or ")}//`,
    );
  }
  const secretFrom = "secretFrom" in settings ? settings.secretFrom : undefined;
  const secret = secretFrom === undefined ? null : (secrets[secretFrom] ?? null);
  if (secretFrom !== undefined && (secret === null || secret === ""))
    mistakes.push(`${at}.secretFrom: ${secretFrom} is not set`);
  if (settings.kind === "webhook" && secret !== null && !/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/.test(secret)) {
    mistakes.push(
      `${at}.secretFrom: ${secretFrom} must be a Standard Webhooks secret: whsec_ and at least 24 bytes in base64`,
    );
  }
  const mail = settings.kind === "email" ? { from: settings.from, to: settings.to } : { from: "", to: [] };
  return { name: called, kind: settings.kind, url: url ?? "", secret, ...mail };
}

function minuteOf(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
}
