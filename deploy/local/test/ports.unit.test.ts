import { once } from "node:events";
import { connect, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { LauncherError } from "../src/errors.ts";
import { freePort, requireFreePorts, whoHolds } from "../src/process/ports.ts";

async function listenSomewhere(): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  return await new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
}

test("a taken port is named with its holder and the variable that chooses another", async () => {
  const port = await listenSomewhere();
  const wanted = [{ port, unit: "kafka", label: "Kafka", variable: "STIPEND_KAFKA_PORT" }];
  const error = await requireFreePorts(wanted).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LauncherError);
  expect((error as LauncherError).message).toContain(`port ${port} for Kafka is taken`);
  expect((error as LauncherError).message).toContain("STIPEND_KAFKA_PORT");
  if (process.platform === "linux") expect((error as LauncherError).message).toContain(`(pid ${process.pid})`);
  expect((error as LauncherError).advice).toContain("STIPEND_KAFKA_PORT=");
});

test("every problem is told at once, also a port that two parts want", async () => {
  const [taken, free] = [await listenSomewhere(), await freePort()];
  const wanted = [
    { port: taken, unit: "mysql", label: "MySQL", variable: "STIPEND_MYSQL_PORT" },
    { port: free, unit: "other", label: "Redis", variable: "STIPEND_REDIS_PORT" },
    { port: free, unit: "other", label: "Zipkin", variable: "STIPEND_ZIPKIN_PORT" },
  ];
  await expect(requireFreePorts(wanted)).rejects.toThrow(/for MySQL is taken[\s\S]*wanted twice: by Redis.*Zipkin/);
});

test("free ports pass", async () => {
  await requireFreePorts([{ port: await freePort(), unit: "redis", label: "Redis", variable: "STIPEND_REDIS_PORT" }]);
});

test("a port that an outgoing connection holds is told as well", async () => {
  const socket = connect(await listenSomewhere(), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  if (process.platform === "linux") expect(whoHolds(socket.localPort ?? 0)).toContain(`(pid ${process.pid})`);
});
