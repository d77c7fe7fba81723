import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { Kafka, logLevel } from "kafkajs";
import { createConnection } from "mysql2/promise";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { EngineSet } from "../src/engines/engine-set.ts";
import { planEngines } from "../src/engines/plan.ts";
import { pathsOf } from "../src/paths.ts";
import { freePort } from "../src/process/ports.ts";
import { silentReporter } from "../src/report/reporter.ts";
import type { EngineAddresses } from "../src/services/environment.ts";
import { readSettings, type Settings } from "../src/settings.ts";
import { tempDir } from "./temp-dir.ts";

const ALL = { mysql: true, kafka: true, redis: true, traces: false };
const START_TWICE_MS = 120_000;

async function settingsIn(home: string): Promise<Settings> {
  const env: NodeJS.ProcessEnv = { STIPEND_HOME: home, STIPEND_ENGINES: "native", STIPEND_MYSQL_BUFFER_POOL: "128M" };
  for (const name of ["MYSQL", "KAFKA", "KAFKA_CONTROLLER", "REDIS"])
    env[`STIPEND_${name}_PORT`] = String(await freePort());
  return readSettings(env);
}

async function startEngines(settings: Settings): Promise<EngineSet> {
  const paths = pathsOf(settings.home);
  const set = new EngineSet(await planEngines(ALL, settings, paths, silentReporter), paths, silentReporter);
  await set.start();
  return set;
}

function kafkaOf(addresses: EngineAddresses): Kafka {
  return new Kafka({ brokers: addresses.kafkaBrokers.split(","), logLevel: logLevel.NOTHING, retry: { retries: 8 } });
}

async function writeToAll(addresses: EngineAddresses): Promise<void> {
  const mysql = await createConnection(addresses.mysqlAdminUrl);
  await mysql.query("CREATE DATABASE kept");
  await mysql.query("CREATE TABLE kept.t (v INT)");
  await mysql.query("INSERT INTO kept.t VALUES (42)");
  await mysql.end();
  const redis = new Redis(addresses.redisUrl);
  await redis.set("kept", "43");
  redis.disconnect();
  const admin = kafkaOf(addresses).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: "kept", numPartitions: 1 }], waitForLeaders: true });
  await admin.disconnect();
  const producer = kafkaOf(addresses).producer();
  await producer.connect();
  await producer.send({ topic: "kept", acks: -1, messages: [{ value: "44" }] });
  await producer.disconnect();
}

async function readFromAll(addresses: EngineAddresses): Promise<unknown> {
  const mysql = await createConnection(addresses.mysqlAdminUrl);
  const [rows] = await mysql.query("SELECT v FROM kept.t");
  await mysql.end();
  const redis = new Redis(addresses.redisUrl);
  const kept = await redis.get("kept");
  redis.disconnect();
  const admin = kafkaOf(addresses).admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets("kept");
  await admin.disconnect();
  return { rows, kept, high: offsets[0]?.high };
}

beforeAll(() => {
  process.env.KAFKAJS_NO_PARTITIONER_WARNING = "1";
});

test("what MySQL, Redis and Kafka hold survives a restart, and a kill", { timeout: START_TWICE_MS }, async () => {
  const home = join(tempDir(), "deep", "home");
  mkdirSync(join(home, "logs"), { recursive: true });
  const settings = await settingsIn(home);
  const first = await startEngines(settings);
  onTestFinished(() => first.stop());
  await writeToAll(first.plan.addresses);
  await first.stop();
  expect(first.units.map((unit) => unit.pid)).toEqual([undefined, undefined, undefined]);

  const second = await startEngines(settings);
  onTestFinished(() => second.stop());
  const expected = { rows: [{ v: 42 }], kept: "43", high: "1" };
  expect(await readFromAll(second.plan.addresses)).toEqual(expected);

  for (const unit of second.units) {
    await unit.kill();
    await unit.start();
  }
  expect(await readFromAll(second.plan.addresses)).toEqual(expected);
});
