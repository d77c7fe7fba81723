import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@stipend/local/process/ports";
import { REPO_ROOT } from "@stipend/local/repo";

/** Where the monitor of the tests sends its notices: nobody listens there, unless a test does. */
export interface ChannelPorts {
  readonly http: number;
  readonly smtp: number;
}

export const WEBHOOK_SECRET = `whsec_${Buffer.from("thirty-two bytes that nobody has").toString("base64")}`;
export const BOT_SECRET = "the secret of a bot";
export const MAIL_LOGIN = { user: "stipend", password: "of-the-post" };

const SETTINGS = `notifications:
  channels:
    hook: { kind: webhook, urlFrom: STIPEND_NOTIFY_HOOK, secretFrom: STIPEND_NOTIFY_HOOK_SECRET }
    mail: { kind: email, urlFrom: STIPEND_NOTIFY_MAIL, from: stipend@example.org, to: [ops@example.org] }
    slack: { kind: slack, urlFrom: STIPEND_NOTIFY_SLACK }
    feishu: { kind: feishu, urlFrom: STIPEND_NOTIFY_FEISHU, secretFrom: STIPEND_NOTIFY_BOT_SECRET }
    dingtalk: { kind: dingtalk, urlFrom: STIPEND_NOTIFY_DINGTALK, secretFrom: STIPEND_NOTIFY_BOT_SECRET }
    wecom: { kind: wecom, urlFrom: STIPEND_NOTIFY_WECOM }
  routes: []
`;

/** The shipped settings of the monitor with a channel of each kind, and what of it stands in its environment. */
export async function monitorWithChannels(
  folder: string,
): Promise<{ readonly env: Record<string, string>; readonly ports: ChannelPorts }> {
  const ports = { http: await freePort(), smtp: await freePort() };
  const shipped = readFileSync(join(REPO_ROOT, "deploy", "monitor.yaml"), "utf8");
  const without = shipped.replace(/^notifications:\n {2}channels: \{\}\n {2}routes: \[\]\n/m, "");
  if (without === shipped) throw new Error("deploy/monitor.yaml says something of notifications by itself");
  const file = join(folder, "monitor.yaml");
  writeFileSync(file, `${without}\n${SETTINGS}`);
  const http = `http://127.0.0.1:${ports.http}`;
  return {
    ports,
    env: {
      STIPEND_MONITOR_FILE: file,
      STIPEND_NOTIFY_HOOK: `${http}/hook`,
      STIPEND_NOTIFY_HOOK_SECRET: WEBHOOK_SECRET,
      STIPEND_NOTIFY_MAIL: `smtp://${MAIL_LOGIN.user}:${MAIL_LOGIN.password}@127.0.0.1:${ports.smtp}`,
      STIPEND_NOTIFY_SLACK: `${http}/slack`,
      STIPEND_NOTIFY_FEISHU: `${http}/feishu`,
      STIPEND_NOTIFY_DINGTALK: `${http}/dingtalk?access_token=t0ken`,
      STIPEND_NOTIFY_WECOM: `${http}/wecom?key=k3y`,
      STIPEND_NOTIFY_BOT_SECRET: BOT_SECRET,
    },
  };
}
