import type { Paths } from "../paths.ts";
import { Unit } from "../process/unit.ts";
import { type Reporter, Step } from "../report/reporter.ts";
import type { EnginePlan } from "./plan.ts";

/** Engines without services, for tests and benchmarks. */
export class EngineSet {
  readonly plan: EnginePlan;
  readonly units: readonly Unit[];
  #reporter: Reporter;

  constructor(plan: EnginePlan, paths: Paths, reporter: Reporter) {
    this.plan = plan;
    this.units = plan.units.map((spec) => new Unit(spec, paths));
    this.#reporter = reporter;
  }

  /** Starts all side by side; when one fails the others are stopped before it throws. */
  async start(): Promise<void> {
    const starts = this.units.map((unit) =>
      new Step(this.#reporter, unit.name).run(
        "starting",
        () => unit.start(),
        () => `${unit.spec.label} is ready`,
      ),
    );
    const results = await Promise.allSettled(starts);
    const failure = results.find((result) => result.status === "rejected");
    if (!failure) return;
    await this.stop();
    throw failure.reason;
  }

  async stop(): Promise<void> {
    await Promise.all(this.units.map((unit) => unit.stop()));
  }
}
