/** The engines as testcontainers: each run has containers of its own, removed at its end. */
import { IMAGES } from "@stipend/local/engines/docker-cli";
import { kafkaContainerEnv } from "@stipend/local/engines/docker-engines";
import { probeKafka } from "@stipend/local/engines/kafka-native";
import { MySqlContainer } from "@testcontainers/mysql";
import { RedisContainer } from "@testcontainers/redis";
import { GenericContainer, type StartedTestContainer, Wait } from "testcontainers";
import { eventually } from "../eventually.ts";
import type { EngineNeeds, EngineUrls, StartedEngines } from "./types.ts";

const STARTUP_TIMEOUT_MS = 120_000;
const KAFKA_PORT = 9092;
const KAFKA_START_SCRIPT = "/tmp/stipend-start-kafka.sh";
const KAFKA_WAITS = "waiting-for-start-script";

interface Started {
  urls: EngineUrls;
  container: StartedTestContainer | { stop(): Promise<unknown> };
}

async function startMysql(): Promise<Started> {
  const container = await new MySqlContainer(IMAGES.mysql)
    .withRootPassword("test-only")
    // a schema's owner creates triggers; with the binary log on that needs SUPER or this
    .withCommand(["--log-bin-trust-function-creators=1", "--max-connections=400"])
    .withStartupTimeout(STARTUP_TIMEOUT_MS)
    .start();
  const mysqlAdminUrl = `mysql://root:test-only@${container.getHost()}:${container.getPort()}`;
  return { urls: { mysqlAdminUrl }, container };
}

async function startRedis(): Promise<Started> {
  const container = await new RedisContainer(IMAGES.redis).withStartupTimeout(STARTUP_TIMEOUT_MS).start();
  return { urls: { redisUrl: container.getConnectionUrl() }, container };
}

/**
 * @testcontainers/kafka knows Confluent's images only. The broker has to advertise the port that Docker maps it to, which is
 * known only when the container runs: so its command waits for a start script that is copied in afterwards.
 */
async function startKafka(): Promise<Started> {
  const container = await new GenericContainer(IMAGES.kafka)
    .withExposedPorts(KAFKA_PORT)
    .withEnvironment({ KAFKA_HEAP_OPTS: "-Xmx512m" })
    .withCommand([
      "sh",
      "-c",
      `echo ${KAFKA_WAITS}; while [ ! -f ${KAFKA_START_SCRIPT} ]; do sleep 0.1; done; exec sh ${KAFKA_START_SCRIPT}`,
    ])
    .withWaitStrategy(Wait.forLogMessage(KAFKA_WAITS))
    .withStartupTimeout(STARTUP_TIMEOUT_MS)
    .start();
  const kafkaBrokers = `${container.getHost()}:${container.getMappedPort(KAFKA_PORT)}`;
  const exports = Object.entries(kafkaContainerEnv(kafkaBrokers)).map(([name, value]) => `export ${name}='${value}'`);
  const content = [...exports, "exec /etc/kafka/docker/run", ""].join("\n");
  await container.copyContentToContainer([{ content, target: `${KAFKA_START_SCRIPT}.new` }]);
  // renamed, so that the waiting shell never reads half a script
  await container.exec(["mv", `${KAFKA_START_SCRIPT}.new`, KAFKA_START_SCRIPT]);
  await eventually(() => probeKafka(kafkaBrokers), { timeoutMs: STARTUP_TIMEOUT_MS, everyMs: 250 });
  return { urls: { kafkaBrokers }, container };
}

/** Starts what is needed side by side; when one fails the others are removed before it throws. */
export async function startContainers(needs: EngineNeeds): Promise<StartedEngines> {
  const starts = [
    needs.mysql ? startMysql() : undefined,
    needs.kafka ? startKafka() : undefined,
    needs.redis ? startRedis() : undefined,
  ];
  const results = await Promise.allSettled(starts.filter((start) => start !== undefined));
  const started = results.filter((result) => result.status === "fulfilled").map((result) => result.value);
  const stop = async (): Promise<void> => {
    await Promise.all(started.map(({ container }) => container.stop()));
  };
  const failure = results.find((result) => result.status === "rejected");
  if (failure) {
    await stop();
    throw failure.reason;
  }
  return { source: "docker", urls: Object.assign({}, ...started.map(({ urls }) => urls)) as EngineUrls, stop };
}

/** Images that a run with these needs uses, testcontainers' own helper included unless it is switched off. */
export function imagesFor(needs: EngineNeeds, env: NodeJS.ProcessEnv): string[] {
  return [
    ...(needs.mysql ? [IMAGES.mysql] : []),
    ...(needs.kafka ? [IMAGES.kafka] : []),
    ...(needs.redis ? [IMAGES.redis] : []),
    ...(env.TESTCONTAINERS_RYUK_DISABLED === "true" ? [] : [REAPER_IMAGE]),
  ];
}

/** The helper that removes containers of runs that were killed. */
const REAPER_IMAGE = "testcontainers/ryuk:0.14.0";
