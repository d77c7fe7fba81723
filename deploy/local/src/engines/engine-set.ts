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

  /** Starts all side by side; when one fails the others are stopped at once. */
  async start(): Promise<void> {
    const starts = this.units.map((unit) =>
      new Step(this.#reporter, unit.name).run(
        "starting",
        () => unit.start(),
        () => `${unit.spec.label} is ready`,
      ),
    );
    try {
      await Promise.all(starts);
    } catch (error) {
      await this.stop();
      await Promise.allSettled(starts);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.units.map((unit) => unit.stop()));
  }
}
