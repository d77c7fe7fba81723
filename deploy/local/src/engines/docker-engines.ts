/**
 * The engines as containers of Docker's official images. `docker run` stays in the foreground as a child process, so a
 * container is supervised, logged and stopped exactly as a native engine is. Data lives in named volumes.
 */
import { createHash } from "node:crypto";
import { passwordOf } from "../keys/secrets.ts";
import type { Paths } from "../paths.ts";
import type { StopMeans } from "../process/managed.ts";
import type { UnitSpec } from "../process/unit.ts";
import type { Ports } from "../settings.ts";
import { baseEnv } from "./base-env.ts";
import { type DockerEngine, IMAGES, removeContainer, removeVolume, signalContainer } from "./docker-cli.ts";
import { probeKafka } from "./kafka-native.ts";
import { mysqlAdminUrl, probeMysql } from "./mysql-native.ts";
import { probeRedis } from "./redis-native.ts";

/** Ports inside Jaeger's container: its UI and API, and OTLP over HTTP. */
const JAEGER_UI = 16686;
const JAEGER_OTLP_HTTP = 4318;

/**
 * Names containers and volumes of the system that lives in this home. A secret of the home takes part: a home that was
 * deleted and made anew has new passwords, so it must not meet the volumes of the former one.
 */
function systemName(paths: Paths): string {
  const hash = createHash("sha256").update(paths.home).update(passwordOf(paths.keys, "docker-name"));
  return `stipend-${hash.digest("hex").slice(0, 8)}`;
}

interface Container {
  engine: DockerEngine;
  label: string;
  /** host port → container port */
  publish: readonly (readonly [number, number])[];
  /** where the volume is mounted */
  dataDir?: string;
  env?: Record<string, string>;
  args?: readonly string[];
  probe(signal: AbortSignal): Promise<void>;
}

function dockerArgs(paths: Paths, container: Container): string[] {
  const name = `${systemName(paths)}-${container.engine}`;
  return [
    "run",
    "--rm",
    `--name=${name}`,
    ...container.publish.flatMap(([host, inside]) => ["--publish", `127.0.0.1:${host}:${inside}`]),
    ...(container.dataDir ? ["--volume", `${name}:${container.dataDir}`] : []),
    // names only: the values travel in the environment, not on a command line that everybody can read
    ...Object.keys(container.env ?? {}).flatMap((key) => ["--env", key]),
    IMAGES[container.engine],
    ...(container.args ?? []),
  ];
}

/**
 * Not through `docker run`: it gives up at the third signal and leaves its container running. And more than once, as the
 * first process of an image ignores SIGTERM while it still sets things up.
 */
function containerStop(name: string): StopMeans {
  return {
    ask: () => void signalContainer(name, "TERM"),
    force: () => void removeContainer(name),
    askEveryMs: 1_000,
  };
}

function unit(paths: Paths, container: Container): UnitSpec {
  const name = `${systemName(paths)}-${container.engine}`;
  return {
    name: container.engine,
    label: `${container.label} (Docker ${IMAGES[container.engine]})`,
    prepare: () => removeContainer(name),
    process: () => ({
      command: "docker",
      args: dockerArgs(paths, container),
      env: { ...baseEnv(), ...container.env },
      cwd: paths.home,
    }),
    probe: container.probe,
    readyTimeoutMs: 120_000,
    stopTimeoutMs: 60_000,
    stopMeans: containerStop(name),
    advice: "read the log; STIPEND_ENGINES=native runs the engines without Docker.",
    dispensable: container.engine === "traces",
  };
}

function mysqlContainer(paths: Paths, ports: Ports, bufferPool: string): Container {
  const url = mysqlAdminUrl(paths, ports.mysql);
  return {
    engine: "mysql",
    label: "MySQL",
    publish: [[ports.mysql, 3306]],
    dataDir: "/var/lib/mysql",
    env: { MYSQL_ROOT_PASSWORD: passwordOf(paths.keys, "mysql-root") },
    args: [
      "--log-bin-trust-function-creators=1",
      "--max-connections=400",
      `--innodb-buffer-pool-size=${bufferPool}`,
      "--character-set-server=utf8mb4",
    ],
    probe: () => probeMysql(url),
  };
}

/** One node, broker and controller; only the host talks to it, so it advertises the published port. */
export function kafkaContainerEnv(advertised: string): Record<string, string> {
  return {
    KAFKA_NODE_ID: "1",
    KAFKA_PROCESS_ROLES: "broker,controller",
    KAFKA_LISTENERS: "PLAINTEXT://0.0.0.0:9092,CONTROLLER://127.0.0.1:9093",
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${advertised}`,
    KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
    KAFKA_INTER_BROKER_LISTENER_NAME: "PLAINTEXT",
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    KAFKA_CONTROLLER_QUORUM_VOTERS: "1@127.0.0.1:9093",
    KAFKA_LOG_DIRS: "/var/lib/kafka/data",
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "1",
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: "1",
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: "1",
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: "1",
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "0",
  };
}

function kafkaContainer(ports: Ports): Container {
  return {
    engine: "kafka",
    label: "Kafka",
    publish: [[ports.kafka, 9092]],
    dataDir: "/var/lib/kafka/data",
    env: kafkaContainerEnv(`127.0.0.1:${ports.kafka}`),
    probe: () => probeKafka(`127.0.0.1:${ports.kafka}`),
  };
}

function redisContainer(ports: Ports): Container {
  return {
    engine: "redis",
    label: "Redis",
    publish: [[ports.redis, 6379]],
    dataDir: "/data",
    args: ["redis-server", "--appendonly", "yes", "--save", ""],
    probe: (signal) => probeRedis(ports.redis, signal),
  };
}

function tracesContainer(ports: Ports): Container {
  return {
    engine: "traces",
    label: "Jaeger",
    publish: [
      [ports.traces, JAEGER_OTLP_HTTP],
      [ports.zipkin, JAEGER_UI],
    ],
    probe: async (signal) => {
      const answer = await fetch(`http://127.0.0.1:${ports.zipkin}/`, { signal });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`Jaeger answered ${answer.status}`);
    },
  };
}

/** How to run one engine with Docker. */
export function dockerEngine(engine: DockerEngine, paths: Paths, ports: Ports, bufferPool: string): UnitSpec {
  const containers: Record<DockerEngine, () => Container> = {
    mysql: () => mysqlContainer(paths, ports, bufferPool),
    kafka: () => kafkaContainer(ports),
    redis: () => redisContainer(ports),
    traces: () => tracesContainer(ports),
  };
  return unit(paths, containers[engine]());
}

/** Forgets the data of the system in this home: its containers and volumes. */
export async function removeDockerData(paths: Paths): Promise<void> {
  for (const engine of Object.keys(IMAGES)) {
    await removeContainer(`${systemName(paths)}-${engine}`);
    await removeVolume(`${systemName(paths)}-${engine}`);
  }
}
