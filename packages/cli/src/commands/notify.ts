import { notificationTest } from "@stipend/proto/http/monitor";
import type { Command } from "commander";
import { CliFailure, EXIT } from "../failure.ts";
import { describe, type GatewayFlags, openGateway, withGateway } from "../gateway.ts";
import type { AddCommand, Shell } from "../shell.ts";

/** stipend notify …: the channels by which the monitor tells of alerts. */
export const addNotify: AddCommand = (program, shell) => {
  const notify = program.command("notify").description("the channels by which the monitor tells of alerts");
  withGateway(addTest(notify)).action((channel: string, flags: GatewayFlags) => testChannel(shell, channel, flags));
};

function addTest(notify: Command): Command {
  return notify
    .command("test")
    .description("send a message to one channel, past routes, quiet hours and digests")
    .argument("<channel>", "its name below notifications.channels of deploy/monitor.yaml");
}

async function testChannel(shell: Shell, channel: string, flags: GatewayFlags): Promise<void> {
  const gateway = openGateway(shell, flags, ["admin"]);
  const { method, path } = notificationTest;
  // A message too many would do no harm, but nobody should wonder why there are two.
  const answer = await gateway.call({ method, path, body: { channel }, repeatable: false });
  const sent = notificationTest.responses[200].schema.safeParse(answer.body);
  if (answer.status === 200 && sent.success) {
    shell.print(`${sent.data.channel}: sent as ${sent.data.deliveryId}`);
    return;
  }
  const usage = answer.status === 400 || answer.status === 404;
  throw new CliFailure(usage ? EXIT.usage : EXIT.findings, describe(answer), {
    advice: usage
      ? "Name a channel that stands in the settings file of the monitor (deploy/monitor.yaml)."
      : "Check the address and the secret of the channel: its variables STIPEND_NOTIFY_… of the monitor.",
  });
}
