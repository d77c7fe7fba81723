import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Lifecycle, type Part } from "../src/lifecycle/lifecycle.ts";
import { together } from "../src/lifecycle/together.ts";
import { silentLog } from "../src/log/log.ts";

function recorder(steps: string[], name: string, failing?: "start" | "drain" | "stop"): Part {
  const step = (what: "start" | "drain" | "stop") => async () => {
    steps.push(`${what} ${name}`);
    if (failing === what) throw new Error(`${name} cannot ${what}`);
  };
  return { name, start: step("start"), drain: step("drain"), stop: step("stop") };
}

describe("Lifecycle", () => {
  it("starts in order, drains all in reverse, then stops all in reverse, once", async () => {
    const steps: string[] = [];
    const lifecycle = new Lifecycle({ log: silentLog() }).add(recorder(steps, "db")).add(recorder(steps, "http"));
    await lifecycle.start();
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    expect(steps).toEqual(["start db", "start http", "drain http", "drain db", "stop http", "stop db"]);
  });

  it("ends what had started when a part cannot start", async () => {
    const steps: string[] = [];
    const lifecycle = new Lifecycle({ log: silentLog() })
      .add(recorder(steps, "db"))
      .add(recorder(steps, "kafka", "start"))
      .add(recorder(steps, "http"));
    await expect(lifecycle.start()).rejects.toThrow("kafka cannot start");
    expect(steps).toEqual(["start db", "start kafka", "drain kafka", "drain db", "stop kafka", "stop db"]);
  });

  it("goes on when a part fails or hangs while ending", async () => {
    const steps: string[] = [];
    const hanging: Part = { name: "hanging", drain: () => new Promise(() => undefined) };
    const lifecycle = new Lifecycle({ log: silentLog(), drainTimeoutMs: 50, stopTimeoutMs: 50 })
      .add(recorder(steps, "db"))
      .add(hanging)
      .add(recorder(steps, "http", "drain"));
    await lifecycle.start();
    await lifecycle.stop();
    expect(steps).toEqual(["start db", "start http", "drain http", "drain db", "stop http", "stop db"]);
  });

  it("takes each step in all parts at once that go together, also when one fails", async () => {
    const steps: string[] = [];
    const met = Promise.withResolvers<void>();
    const waiting: Part = { name: "waiting", drain: () => met.promise };
    const freeing: Part = { name: "freeing", drain: async () => met.resolve() };
    const parts = [recorder(steps, "a", "drain"), waiting, freeing, recorder(steps, "b", "start")];
    const group = together("consumers", parts);
    await expect(group.start?.()).rejects.toThrow("b cannot start");
    await expect(group.drain?.()).rejects.toThrow("a cannot drain");
    await group.stop?.();
    expect(steps).toEqual(["start a", "start b", "drain a", "drain b", "stop a", "stop b"]);
  });

  const program = fileURLToPath(new URL("support/lifecycle-program.ts", import.meta.url));

  async function end(signals: NodeJS.Signals[], mode: string): Promise<{ code: number | null; lines: string[] }> {
    const child = spawn(process.execPath, [program, mode], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (data: Buffer) => {
      output += data.toString();
      if (output.endsWith("started\n")) for (const signal of signals.splice(0, 1)) child.kill(signal);
      if (output.endsWith("draining\n")) for (const signal of signals.splice(0, 1)) child.kill(signal);
    });
    const [code] = (await once(child, "close")) as [number | null];
    return { code, lines: output.trim().split("\n") };
  }

  it("drains on SIGTERM and exits with 0", async () => {
    expect(await end(["SIGTERM"], "quick")).toEqual({ code: 0, lines: ["started", "draining", "stopped"] });
  });

  it("does not wait for timers that somebody left running", async () => {
    expect(await end(["SIGINT"], "leaky")).toEqual({ code: 0, lines: ["started", "draining", "stopped"] });
  });

  it("ends in order, with status 1, when an error is caught by nobody", async () => {
    expect(await end([], "crash")).toEqual({ code: 1, lines: ["started", "draining", "stopped"] });
    expect(await end([], "reject")).toEqual({ code: 1, lines: ["started", "draining", "stopped"] });
  });

  it("gives up at once on a second signal", async () => {
    expect(await end(["SIGTERM", "SIGTERM"], "slow")).toEqual({ code: 1, lines: ["started", "draining"] });
  });
});
