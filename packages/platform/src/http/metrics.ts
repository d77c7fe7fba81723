import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Part } from "../lifecycle/lifecycle.ts";
import type { Log } from "../log/log.ts";
import { gauge, metricsExporter } from "../telemetry/metrics.ts";
import { pathOf } from "./request.ts";

export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly log: Log;
}

/** GET /metrics in Prometheus' text format, on a port of its own that the public never reaches. */
export class MetricsServer implements Part {
  readonly name = "metrics";
  readonly #options: MetricsServerOptions;
  readonly #server: Server;
  #endGauges: (() => void)[] = [];

  constructor(options: MetricsServerOptions) {
    this.#options = options;
    this.#server = createServer((req, res) => {
      if (pathOf(req) === "/metrics" && (req.method === "GET" || req.method === "HEAD")) {
        metricsExporter.getMetricsRequestHandler(req, res);
      } else {
        res.writeHead(404, { "Content-Type": "text/plain" }).end("GET /metrics\n");
      }
    });
  }

  get port(): number {
    const address = this.#server.address() as AddressInfo | null;
    return address?.port ?? 0;
  }

  async start(): Promise<void> {
    this.#endGauges = processGauges();
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#options.port, this.#options.host, () => resolve());
    });
    this.#options.log.debug({ port: this.port }, "metrics listening");
  }

  async stop(): Promise<void> {
    for (const end of this.#endGauges) end();
    this.#endGauges = [];
    this.#server.close();
    this.#server.closeAllConnections();
    await Promise.resolve();
  }
}

function processGauges(): (() => void)[] {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const lag = () => {
    const seconds = delay.percentile(99) / 1e9;
    delay.reset();
    return Number.isFinite(seconds) ? seconds : 0;
  };
  return [
    gauge("process_resident_memory_bytes", "Resident memory", () => process.memoryUsage.rss()),
    gauge("process_heap_used_bytes", "JavaScript heap in use", () => process.memoryUsage().heapUsed),
    gauge("process_uptime_seconds", "Seconds since the process began", () => process.uptime()),
    gauge("event_loop_delay_seconds", "99th percentile of the event loop's delay since the last scrape", lag),
    () => delay.disable(),
  ];
}
