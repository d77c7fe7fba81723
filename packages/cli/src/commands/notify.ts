import { ApiProblem, type StipendError } from "@stipend/client/errors";
import type { Command } from "commander";
import { CliFailure, EXIT } from "../failure.ts";
import { answerOf, type GatewayFlags, openGateway, withGateway } from "../gateway.ts";
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
  const { api } = openGateway(shell, flags, ["admin"]);
  // Sent once, whatever happens: a message too many would do no harm, but nobody should wonder why there are two.
  const sent = api.post("/api/admin/notifications/test", { body: { channel } });
  const { data } = await answerOf("POST /api/admin/notifications/test", sent, refusalOf);
  shell.print(`${data.channel}: sent as ${data.deliveryId}`);
}

function refusalOf(problem: StipendError): CliFailure {
  const usage = problem instanceof ApiProblem && (problem.status === 400 || problem.status === 404);
  return new CliFailure(usage ? EXIT.usage : EXIT.findings, problem.message, {
    advice: usage
      ? "Name a channel that stands in the settings file of the monitor (deploy/monitor.yaml)."
      : "Check the address and the secret of the channel: its variables STIPEND_NOTIFY_… of the monitor.",
  });
}
