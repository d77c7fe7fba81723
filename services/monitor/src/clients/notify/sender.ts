import type { MonitorSettings } from "../../settings/settings.ts";
import { type ClaimedDelivery, type NoticeSender, SendFailed } from "../../usecases/notices.ts";
import { sendDingtalk, sendFeishu, sendSlack, sendWecom } from "./chat.ts";
import { sendEmail } from "./email.ts";
import { textOf } from "./text.ts";
import { sendWebhook } from "./webhook.ts";

/** Sends by the channel's own way. */
export class ChannelSender implements NoticeSender {
  readonly #settings: () => Pick<MonitorSettings, "notifications" | "links">;

  constructor(settings: () => Pick<MonitorSettings, "notifications" | "links">) {
    this.#settings = settings;
  }

  knows(channel: string): boolean {
    return this.#settings().notifications.channels.has(channel);
  }

  async send(delivery: ClaimedDelivery, now: Date): Promise<void> {
    const { notifications, links } = this.#settings();
    const channel = notifications.channels.get(delivery.channel);
    if (channel === undefined) throw new SendFailed("there is no such channel any more", { permanent: true });
    const notice = textOf(delivery, links);
    switch (channel.kind) {
      case "webhook":
        return await sendWebhook(channel.url, channel.secret ?? "", delivery, now);
      case "email":
        return await sendEmail(channel, notice, delivery.deliveryId);
      case "slack":
        return await sendSlack(channel, notice.text);
      case "feishu":
        return await sendFeishu(channel, notice.text);
      case "dingtalk":
        return await sendDingtalk(channel, notice.text);
      case "wecom":
        return await sendWecom(channel, notice.text);
    }
  }
}
