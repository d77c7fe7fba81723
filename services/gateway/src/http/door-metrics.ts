import { counter, latency } from "@stipend/platform/telemetry/metrics";

/** What the public door has answered, by route and status. Routes are patterns, so the series are bounded. */
export class DoorMetrics {
  readonly #requests = counter("gateway_requests", "Requests answered, by route and status");
  readonly #seconds = latency("gateway_request_seconds", "From the request's head to the answer's end");

  answered(route: string, method: string, status: number, seconds: number): void {
    this.#requests.add(1, { route, method, status });
    this.#seconds.record(seconds, { route });
  }
}
