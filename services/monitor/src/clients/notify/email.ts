import { createTransport } from "nodemailer";
import type { Channel } from "../../settings/notifications.ts";
import { SendFailed } from "../../usecases/notices.ts";
import type { NoticeText } from "./text.ts";

const TIMEOUT_MS = 15_000;

/** By SMTP. The Message-ID is the delivery's: mail programs show a repetition once. */
export async function sendEmail(channel: Channel, { subject, text }: NoticeText, deliveryId: string): Promise<void> {
  const transport = createTransport({
    url: channel.url,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
  });
  try {
    await transport.sendMail({
      from: channel.from,
      to: [...channel.to],
      subject,
      text,
      messageId: `<${deliveryId}@stipend>`,
      headers: { "Auto-Submitted": "auto-generated" },
    });
  } catch (cause) {
    const code = (cause as { responseCode?: unknown }).responseCode;
    const permanent = typeof code === "number" && code >= 500 && code < 600;
    throw new SendFailed(`SMTP: ${cause instanceof Error ? cause.message.slice(0, 200) : "unknown"}`, {
      cause,
      permanent,
    });
  } finally {
    transport.close();
  }
}
