import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { patchKafkajs } from "@stipend/platform/kafka/kafkajs-patch";
import { Kafka, logLevel } from "kafkajs";
import { LauncherError } from "../errors.ts";
import { run } from "../install/exec.ts";
import type { Paths } from "../paths.ts";
import type { UnitSpec } from "../process/unit.ts";
import { REPO_ROOT } from "../repo.ts";
import { baseEnv } from "./base-env.ts";

export interface KafkaNativeOptions {
  java: string;
  jars: string;
  paths: Paths;
  port: number;
  controllerPort: number;
  /** "512m" */
  heap: string;
}

const FORMAT_TIMEOUT_MS = 60_000;

/** Throws until the broker answers with itself in the cluster. */
export async function probeKafka(brokers: string): Promise<void> {
  patchKafkajs();
  const kafka = new Kafka({
    clientId: "stipend-launcher",
    brokers: brokers.split(","),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 4_000,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    if (cluster.brokers.length === 0) throw new Error("the cluster has no broker yet");
  } finally {
    await admin.disconnect();
  }
}

/** One node that is broker and controller (KRaft). Why each line stands there: docs/operating.md. */
function properties(options: KafkaNativeOptions, dataDir: string): string {
  return [
    "process.roles=broker,controller",
    "node.id=1",
    `controller.quorum.voters=1@127.0.0.1:${options.controllerPort}`,
    `listeners=PLAINTEXT://127.0.0.1:${options.port},CONTROLLER://127.0.0.1:${options.controllerPort}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${options.port}`,
    "controller.listener.names=CONTROLLER",
    "inter.broker.listener.name=PLAINTEXT",
    "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    `log.dirs=${dataDir}`,
    // a topic is created on purpose, with its partitions, or not at all
    "auto.create.topics.enable=false",
    "num.partitions=6",
    // a single node can hold one replica only
    "offsets.topic.replication.factor=1",
    "offsets.topic.num.partitions=8",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    "transaction.state.log.num.partitions=4",
    "share.coordinator.state.topic.replication.factor=1",
    "share.coordinator.state.topic.min.isr=1",
    // the first consumer of a group need not wait 3 s for others
    "group.initial.rebalance.delay.ms=0",
    // after a kill the node waits until its own former registration has expired: 9 s by default
    "broker.session.timeout.ms=2000",
    "broker.heartbeat.interval.ms=500",
    "log.retention.hours=168",
    "log.segment.bytes=67108864",
    "log.index.size.max.bytes=1048576",
    "",
  ].join("\n");
}

function javaArgs(options: KafkaNativeOptions, heap: string, main: string, args: readonly string[]): string[] {
  const log4j = join(REPO_ROOT, "deploy", "local", "engines", "kafka", "log4j2.properties");
  return [
    `-Xmx${heap}`,
    "-Xms128m",
    "-XX:+UseSerialGC",
    // the quick compiler only: the broker starts with 60 % of the CPU time and stays far faster than its users
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    `-Dlog4j2.configurationFile=${log4j}`,
    "-Dlog4j2.disableJmx=true",
    "-cp",
    join(options.jars, "*"),
    main,
    ...args,
  ];
}

async function format(options: KafkaNativeOptions, config: string, dataDir: string): Promise<void> {
  // As one argument: one id in 64 begins with "-", and would be taken for an option.
  const clusterId = `--cluster-id=${randomBytes(16).toString("base64url")}`;
  const args = javaArgs(options, "128m", "kafka.tools.StorageTool", ["format", clusterId, "-c", config]);
  const result = await run(options.java, args, { timeoutMs: FORMAT_TIMEOUT_MS, env: baseEnv() });
  if (result.code === 0) return;
  rmSync(dataDir, { recursive: true, force: true });
  throw new LauncherError(`Kafka's store could not be formatted (exit code ${result.code}).`, {
    advice: `is the disk full, or ${dataDir} not writable?`,
    lastLines: result.lines.slice(-8),
  });
}

async function prepareData(options: KafkaNativeOptions, parent: string): Promise<void> {
  mkdirSync(parent, { recursive: true });
  const config = join(parent, "server.properties");
  const dataDir = join(parent, "data");
  writeFileSync(config, properties(options, dataDir));
  if (!existsSync(join(dataDir, "meta.properties"))) await format(options, config, dataDir);
}

/** Apache Kafka, one node in KRaft mode, with its own data folder and ports. */
export function kafkaNative(options: KafkaNativeOptions): UnitSpec {
  const parent = join(options.paths.data, "kafka");
  return {
    name: "kafka",
    label: "Kafka",
    prepare: () => prepareData(options, parent),
    process: () => ({
      command: options.java,
      args: javaArgs(options, options.heap, "kafka.Kafka", [join(parent, "server.properties")]),
      env: baseEnv(),
      cwd: parent,
    }),
    probe: () => probeKafka(`127.0.0.1:${options.port}`),
    readyTimeoutMs: 60_000,
    stopTimeoutMs: 30_000,
    advice:
      "read the log; if its store is damaged, `npm start -- --fresh` begins anew. Brokers that run already can be given by STIPEND_KAFKA_BROKERS.",
  };
}
