import { Webhook } from "standardwebhooks";
import type { ClaimedDelivery } from "../../usecases/notices.ts";
import { post } from "./http-post.ts";

/** Standard Webhooks: `webhook-id` is the same at every attempt, the signature covers id, time and body. */
export async function sendWebhook(url: string, secret: string, delivery: ClaimedDelivery, now: Date): Promise<void> {
  const body = JSON.stringify({ type: typeOf(delivery), timestamp: now.toISOString(), data: dataOf(delivery) });
  // Always the real time: receivers refuse what is old, whatever a developer's clock says.
  const sentAt = new Date();
  await post(url, body, {
    "webhook-id": delivery.deliveryId,
    "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1_000)),
    "webhook-signature": new Webhook(secret).sign(delivery.deliveryId, sentAt, body),
  });
}

function typeOf({ changes, isDigest }: ClaimedDelivery): string {
  return isDigest ? "alerts.digest" : `alert.${changes[0]?.kind ?? "raised"}`;
}

function dataOf({ changes, isDigest }: ClaimedDelivery): unknown {
  const told = changes.map(({ kind, at, alert }) => ({
    change: kind,
    at: at.toISOString(),
    alert: { ...alert, evidence: evidenceOf(alert["evidence"]) },
  }));
  return isDigest ? { changes: told } : told[0];
}

function evidenceOf(evidence: unknown): unknown {
  return typeof evidence === "string" ? JSON.parse(evidence) : evidence;
}
