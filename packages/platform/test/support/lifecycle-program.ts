/** A process that says what its one part does; ended by the test's signals. */
import { writeSync } from "node:fs";
import { Lifecycle } from "../../src/lifecycle/lifecycle.ts";
import { silentLog } from "../../src/log/log.ts";

const mode = process.argv[2];
const say = (line: string) => writeSync(1, `${line}\n`);
// Something that keeps the process alive, as a server would.
const alive = setInterval(() => undefined, 1_000);

await new Lifecycle({ log: silentLog() })
  .add({
    name: "part",
    async start() {
      // Only after run() has set its signal handlers is it safe to signal.
      setImmediate(() => {
        say("started");
        if (mode === "crash") throw new Error("nobody catches this");
        if (mode === "reject") void Promise.reject(new Error("nor this"));
      });
    },
    async drain() {
      say("draining");
      if (mode === "slow") await new Promise((resolve) => setTimeout(resolve, 5_000));
    },
    async stop() {
      say("stopped");
      if (mode !== "leaky") clearInterval(alive);
    },
  })
  .run();
