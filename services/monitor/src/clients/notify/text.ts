import type { AlertChange } from "../../domain/notices.ts";
import { type Links, traceLink } from "../../settings/links.ts";
import type { ClaimedDelivery } from "../../usecases/notices.ts";

/** Chats cut long messages off, or refuse them. */
const MAX_TEXT = 3_500;
const MAX_LINES = 40;
const MAX_EVIDENCE = 20;

export interface NoticeText {
  readonly subject: string;
  readonly text: string;
}

/** A delivery for people to read. */
export function textOf({ changes, isDigest }: ClaimedDelivery, links: Links): NoticeText {
  const [first] = changes;
  if (changes.length === 1 && first !== undefined && !isDigest) {
    const subject = subjectOf(first);
    return { subject, text: shorten([subject, ...detailsOf(first, links)].join("\n")) };
  }
  const subject = `Stipend: ${changes.length} changes of alerts`;
  const lines = changes.slice(0, MAX_LINES).map((change) => `- ${change.at.toISOString()} ${subjectOf(change)}`);
  const more = changes.length > MAX_LINES ? [`… and ${changes.length - MAX_LINES} more`] : [];
  const link = links.consoleUrl === null ? [] : [`${links.consoleUrl}/alerts`];
  return { subject, text: shorten([subject, ...lines, ...more, ...link].join("\n")) };
}

function subjectOf({ kind, severity, family, alert }: AlertChange): string {
  const word = kind === "recovered" ? "over" : severity;
  return `[${word}] ${family}: ${String(alert["fingerprint"])}`;
}

function detailsOf({ alert, alertId }: AlertChange, links: Links): string[] {
  const user = String(alert["userId"] ?? "");
  const evidence = evidenceOf(alert["evidence"]);
  const trace = traceLink(links, evidence["traceId"]);
  const { consoleUrl } = links;
  return [
    `first ${String(alert["firstSeenAt"])}, last ${String(alert["lastSeenAt"])}, count ${String(alert["count"])}`,
    ...(user === ""
      ? []
      : [`account ${user}${consoleUrl === null ? "" : ` ${consoleUrl}/users/${encodeURIComponent(user)}`}`]),
    ...Object.entries(evidence)
      .slice(0, MAX_EVIDENCE)
      .map(([key, value]) => `${key}: ${(typeof value === "string" ? value : JSON.stringify(value)).slice(0, 300)}`),
    ...(consoleUrl === null ? [] : [`${consoleUrl}/alerts/${alertId}`]),
    ...(trace === null ? [] : [trace]),
  ];
}

function evidenceOf(evidence: unknown): Record<string, unknown> {
  if (typeof evidence !== "string") return {};
  try {
    return JSON.parse(evidence) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function shorten(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`;
}
