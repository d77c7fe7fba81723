import { counter } from "@stipend/platform/telemetry/metrics";

export type CallOutcome = "charged" | "free" | "refused" | "failed" | "timed_out" | "charge_failed" | "client_gone";

export class FeatureMetrics {
  readonly #calls = counter("gateway_feature_calls", "Metered calls by feature and what became of them");

  counted(feature: string, outcome: CallOutcome): void {
    this.#calls.add(1, { feature, outcome });
  }
}
