import type { Part } from "@stipend/platform/lifecycle/lifecycle";
import type { Log } from "@stipend/platform/log/log";
import { gauge } from "@stipend/platform/telemetry/metrics";
import { Upstream } from "./upstream.ts";

/** Every address behind the gateway, one pool each, whoever asks for it. */
export class Upstreams implements Part {
  readonly name = "upstream connections";
  readonly #log: Log;
  readonly #byOrigin = new Map<string, Upstream>();
  readonly #endGauges: (() => void)[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** @param name of the service, for messages; the first name given to an address stays. */
  to(url: string, name: string): Upstream {
    const { origin } = new URL(url);
    const known = this.#byOrigin.get(origin);
    if (known !== undefined) return known;
    const upstream = new Upstream({ name, origin, log: this.#log });
    this.#byOrigin.set(origin, upstream);
    const attributes = { upstream: name };
    this.#endGauges.push(
      gauge("gateway_upstream_in_flight", "Calls under way to an upstream", () => upstream.inFlight, attributes),
      gauge(
        "gateway_upstream_circuit_open",
        "1 while an upstream is not called",
        () => (upstream.circuitOpen ? 1 : 0),
        attributes,
      ),
    );
    return upstream;
  }

  async stop(): Promise<void> {
    for (const end of this.#endGauges) end();
    for (const upstream of this.#byOrigin.values()) await upstream.stop();
  }
}
