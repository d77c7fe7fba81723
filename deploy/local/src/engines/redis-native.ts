import { mkdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { RedisServer } from "../install/binaries.ts";
import type { Paths } from "../paths.ts";
import type { UnitSpec } from "../process/unit.ts";
import { baseEnv } from "./base-env.ts";

export interface RedisNativeOptions {
  server: RedisServer;
  paths: Paths;
  port: number;
}

/** Throws until the server answers PING with PONG (it says LOADING while it reads its file). */
export function probeRedis(port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", signal });
    let answer = "";
    socket.setEncoding("utf8");
    socket.once("connect", () => socket.write("PING\r\n"));
    socket.on("data", (chunk: string) => {
      answer += chunk;
      if (!answer.includes("\r\n")) return;
      socket.destroy();
      if (answer.startsWith("+PONG")) resolve();
      else reject(new Error(`Redis answered ${answer.trim()}`));
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the connection was closed")));
  });
}

/** Redis or Valkey on the loopback; its append-only file keeps limits and caches over a restart. */
export function redisNative(options: RedisNativeOptions): UnitSpec {
  const dir = join(options.paths.data, "redis");
  return {
    name: "redis",
    label: options.server.label,
    prepare: () => {
      mkdirSync(dir, { recursive: true });
      return Promise.resolve();
    },
    process: () => ({
      command: options.server.server,
      args: [
        "--port",
        String(options.port),
        "--bind",
        "127.0.0.1",
        "--dir",
        dir,
        "--appendonly",
        "yes",
        "--appendfsync",
        "everysec",
        "--save",
        "",
        "--daemonize",
        "no",
      ],
      env: baseEnv(),
      cwd: dir,
    }),
    probe: (signal) => probeRedis(options.port, signal),
    readyTimeoutMs: 30_000,
    stopTimeoutMs: 15_000,
    advice: "read the log; a server that runs already can be given by STIPEND_REDIS_URL.",
  };
}
