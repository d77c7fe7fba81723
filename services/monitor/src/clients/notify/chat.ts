import { createHmac } from "node:crypto";
import type { Channel } from "../../settings/notifications.ts";
import { SendFailed } from "../../usecases/notices.ts";
import { post } from "./http-post.ts";

/** Incoming webhook as Slack, Mattermost and Discord's /slack take it. */
export async function sendSlack(channel: Channel, text: string): Promise<void> {
  await post(channel.url, JSON.stringify({ text }));
}

/** A custom bot of Feishu or Lark; with a secret, signed as its documentation says: the text is the key. */
export async function sendFeishu(channel: Channel, text: string): Promise<void> {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const sign =
    channel.secret === null
      ? {}
      : { timestamp, sign: createHmac("sha256", `${timestamp}\n${channel.secret}`).update("").digest("base64") };
  const answer = await post(channel.url, JSON.stringify({ ...sign, msg_type: "text", content: { text } }));
  checkCode(answer, "code");
}

/** A custom robot of DingTalk; with a secret, signed in the URL. */
export async function sendDingtalk(channel: Channel, text: string): Promise<void> {
  const url = new URL(channel.url);
  if (channel.secret !== null) {
    const timestamp = String(Date.now());
    url.searchParams.set("timestamp", timestamp);
    url.searchParams.set(
      "sign",
      createHmac("sha256", channel.secret).update(`${timestamp}\n${channel.secret}`).digest("base64"),
    );
  }
  const answer = await post(url.href, JSON.stringify({ msgtype: "text", text: { content: text } }));
  checkCode(answer, "errcode");
}

/** A group robot of WeCom: at most 2,048 bytes. */
export async function sendWecom(channel: Channel, text: string): Promise<void> {
  const answer = await post(channel.url, JSON.stringify({ msgtype: "text", text: { content: cut(text, 2_048) } }));
  checkCode(answer, "errcode");
}

/** These answer 200 and say inside whether it worked. */
function checkCode(answer: string, field: "code" | "errcode"): void {
  let code: unknown;
  try {
    code = (JSON.parse(answer) as Record<string, unknown>)[field];
  } catch {
    throw new SendFailed("the answer is not JSON");
  }
  if (code !== undefined && code !== 0) throw new SendFailed(`refused with ${field} ${String(code)}`);
}

function cut(text: string, bytes: number): string {
  let short = text;
  while (Buffer.byteLength(short) > bytes)
    short = short.slice(0, -Math.max(1, Math.ceil((Buffer.byteLength(short) - bytes) / 4)));
  return short;
}
