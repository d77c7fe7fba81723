import { randomBytes } from "node:crypto";
import { userInfo } from "node:os";
import { readSettings } from "@stipend/local/settings";
import { ConfigError } from "@stipend/platform/config/config";
import { createKafka } from "@stipend/platform/kafka/client";
import type { Letter } from "@stipend/platform/kafka/letter";
import { LetterBox, mayBeForgotten } from "@stipend/platform/kafka/letter-box";
import { EventProducer } from "@stipend/platform/kafka/producer";
import { silentLog } from "@stipend/platform/log/log";
import type { Command } from "commander";
import { pick, placeOf } from "../dlq/place.ts";
import { contentOf, lineOf, summaryOf } from "../dlq/words.ts";
import { CliFailure, EXIT } from "../failure.ts";
import type { AddCommand, Shell } from "../shell.ts";

interface Flags {
  readonly brokers?: string;
  readonly prefix?: string;
  readonly topic?: string;
  readonly all?: boolean;
  readonly again?: boolean;
  readonly old?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const HELP = `
A consumer that meets an event it can never apply sets it aside, in <topic>.dlq. Mend the cause first: replayed before
that, the event comes back as a new letter.

A letter is named by its place, as list shows it: membership.v1/3/17. replay sends the message exactly as it was to the
topic it came from, then marks the letter; if it is cut off between the two, the letter stays open and can be replayed
again: every consumer applies an event once.

Exit code: 0 done, 1 some letters were not found or not replayed, 2 wrong arguments, 3 Kafka not reached.`;

/** stipend dlq list|show|replay */
export const addDlq: AddCommand = (program, shell) => {
  const dlq = program
    .command("dlq")
    .description("events that were set aside: list, show, replay")
    .addHelpText("after", HELP);
  withKafka(dlq.command("list").description("what is still open, oldest first"))
    .option("--all", "replayed letters as well")
    .option("--json", "one JSON object a line")
    .action((flags: Flags) => withBox(shell, flags, (box) => list(shell, flags, box)));
  withKafka(
    dlq.command("show").description("one letter with its message").argument("<letter>", "such as membership.v1/3/17"),
  ).action((place: string, flags: Flags) => withBox(shell, flags, (box) => show(shell, box, place)));
  withKafka(dlq.command("replay").description("send letters back to the topic they came from").argument("[letters...]"))
    .option("--all", "every open letter (of --topic, when given)")
    .option("--again", "also letters that were replayed before")
    .option("--old", "also letters so old that other consumers may have forgotten that they applied the event")
    .option("--dry-run", "say what would be sent, send nothing")
    .action((places: string[], flags: Flags) => withBox(shell, flags, (box) => replay(shell, flags, box, places)));
};

function withKafka(command: Command): Command {
  return command
    .option("--brokers <host:port,…>", "default: STIPEND_KAFKA_BROKERS, else the system of this checkout")
    .option("--prefix <name>", "begins every topic; default: STIPEND_TOPIC_PREFIX, else the namespace of the system")
    .option("--topic <topic>", "letters of this topic alone, such as membership.v1");
}

/** The letter box of the system that flags and environment name. */
interface OpenBox {
  readonly box: LetterBox;
  readonly prefix: string;
  /** Of --topic, in full. */
  readonly topic: string | undefined;
}

async function withBox(shell: Shell, flags: Flags, use: (open: OpenBox) => Promise<void>): Promise<void> {
  const { brokers, prefix } = placeOfKafka(shell, flags);
  const log = silentLog();
  const kafka = createKafka({ brokers, clientId: `stipend-cli-${randomBytes(4).toString("hex")}`, log });
  const producer = new EventProducer({ kafka, log });
  const topic = flags.topic === undefined ? undefined : `${prefix}.${flags.topic}`;
  try {
    await use({ box: new LetterBox({ kafka, producer, topicPrefix: prefix }), prefix, topic });
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new CliFailure(EXIT.unreachable, `Kafka at ${brokers.join(", ")}: ${String(cause)}`, {
      advice: "Is it up, and the address right? What was marked as replayed was sent; the rest is still open.",
      cause: error,
    });
  } finally {
    await producer.stop();
  }
}

function placeOfKafka(shell: Shell, flags: Flags): { brokers: readonly string[]; prefix: string } {
  try {
    const settings = readSettings(shell.env);
    const given = flags.brokers ?? settings.given.kafkaBrokers ?? `127.0.0.1:${settings.ports.kafka}`;
    const brokers = given.split(",").map((broker) => broker.trim());
    if (!brokers.every((broker) => /^\[?[A-Za-z0-9.:-]+\]?:\d{1,5}$/.test(broker))) {
      throw new CliFailure(EXIT.usage, `"${given}" is no list of brokers`, {
        advice: "Such as kafka-1:9092,kafka-2:9092",
      });
    }
    return { brokers, prefix: flags.prefix ?? shell.env["STIPEND_TOPIC_PREFIX"] ?? settings.namespace };
  } catch (error) {
    if (error instanceof ConfigError) throw new CliFailure(EXIT.usage, error.message);
    throw error;
  }
}

async function list(shell: Shell, flags: Flags, { box, prefix, topic }: OpenBox): Promise<void> {
  const letters = await lettersOf(shell, box, topic);
  const shown = letters.filter((letter) => flags.all === true || letter.replayed === undefined);
  for (const letter of shown) {
    shell.print(flags.json === true ? JSON.stringify(summaryOf(letter, prefix)) : lineOf(letter, prefix));
  }
  const open = letters.filter((letter) => letter.replayed === undefined).length;
  shell.say(`${open} open, ${letters.length - open} replayed`);
}

async function show(shell: Shell, { box, prefix, topic }: OpenBox, place: string): Promise<void> {
  const { found } = pick(await lettersOf(shell, box, topic), [place], prefix);
  const [letter] = found;
  if (letter === undefined) throw noSuch([place]);
  shell.print(JSON.stringify(contentOf(letter, prefix), null, 2));
}

async function replay(shell: Shell, flags: Flags, open: OpenBox, places: readonly string[]): Promise<void> {
  if (places.length > 0 === (flags.all === true)) {
    throw new CliFailure(EXIT.usage, "name letters, or say --all", { advice: "npm run stipend -- dlq list" });
  }
  const { box, prefix, topic } = open;
  const letters = await lettersOf(shell, box, topic);
  const { found, missing } = flags.all === true ? { found: letters, missing: [] } : pick(letters, places, prefix);
  if (missing.length > 0) throw noSuch(missing);
  const now = new Date();
  const done = found.filter((letter) => letter.replayed !== undefined && flags.again !== true);
  const old = found.filter((letter) => !done.includes(letter) && mayBeForgotten(letter, now) && flags.old !== true);
  const chosen = found.filter((letter) => !done.includes(letter) && !old.includes(letter));
  for (const letter of chosen) shell.print(lineOf(letter, prefix));
  const sent = flags.dryRun === true ? 0 : await box.replay(chosen, userInfo().username, now);
  shell.say(
    flags.dryRun === true ? `${count(chosen.length, "letter")} would be replayed` : wordsOf(chosen.length, sent),
  );
  tellSkipped(shell, { done: flags.all === true ? [] : done, old }, prefix);
}

function wordsOf(letters: number, sent: number): string {
  if (letters === 0) return "nothing was replayed";
  return `${count(letters, "letter")} replayed: ${count(sent, "message")} sent`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function tellSkipped(shell: Shell, skipped: { done: readonly Letter[]; old: readonly Letter[] }, prefix: string): void {
  const { done, old } = skipped;
  if (done.length > 0) shell.say(`replayed before (--again): ${names(done, prefix)}`);
  if (old.length > 0) {
    shell.say(
      `too old to be sure that it is applied once everywhere (read docs/operating.md, then --old): ${names(old, prefix)}`,
    );
  }
  if (done.length + old.length > 0) shell.end(EXIT.findings);
}

function names(letters: readonly Letter[], prefix: string): string {
  return letters.map((letter) => placeOf(letter, prefix)).join(" ");
}

async function lettersOf(shell: Shell, box: LetterBox, topic: string | undefined): Promise<readonly Letter[]> {
  const { letters, cut } = await box.read(topic);
  for (const dlq of cut) shell.say(`${dlq} holds more than is looked at: the oldest letters are not shown`);
  return letters;
}

function noSuch(places: readonly string[]): CliFailure {
  return new CliFailure(EXIT.findings, `there is no letter ${places.join(", ")}`, {
    advice: "npm run stipend -- dlq list --all shows every letter that is still kept (90 days).",
  });
}
