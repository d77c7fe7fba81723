/** A whole Stipend on this machine: engines, schemas, services; started and stopped in order. */
import { mkdirSync } from "node:fs";
import { type EnginePlan, planEngines, wantedEngines } from "./engines/plan.ts";
import { LauncherError } from "./errors.ts";
import { ensureKeys } from "./keys/dev-keys.ts";
import { type Paths, pathsOf } from "./paths.ts";
import { endOrphans, STOP_ORDER } from "./process/orphans.ts";
import { requireFreePorts, type WantedPort } from "./process/ports.ts";
import { Unit, type UnitSpec } from "./process/unit.ts";
import { type Reporter, Step } from "./report/reporter.ts";
import { type ServiceContext, urlOf } from "./services/environment.ts";
import type { SchemaService, ServiceName } from "./services/names.ts";
import { migrateSchema, provisionSchema, SCHEMA_SERVICES, schemaUrls } from "./services/schemas.ts";
import { appUnits } from "./services/units.ts";
import type { Settings } from "./settings.ts";
import { Supervision } from "./supervision.ts";
import { wantedPorts } from "./wanted-ports.ts";
import { buildWeb, WEB_DIST } from "./web/build-web.ts";

export interface SystemOptions {
  /** false: no Zipkin, and the services trace nothing unless an OTLP URL was given */
  traces?: boolean;
  /** true: the gateway serves the web apps, which are built first if need be; a STIPEND_WEB_DIR of the caller goes before */
  web?: boolean;
  /** false: a part that dies stays dead (fault tests) */
  supervise?: boolean;
  /** added to the environment of one service */
  serviceEnv?: (name: ServiceName) => NodeJS.ProcessEnv;
}

export interface SystemAddresses {
  gateway: string;
  /** the member app is at the gateway's root */
  console: string | undefined;
  docs: string;
  traces: string | undefined;
  mysqlAdminUrl: string;
  kafkaBrokers: string;
  redisUrl: string;
  engines: EnginePlan["mode"];
  logs: string;
}

export class LocalSystem {
  readonly settings: Settings;
  readonly paths: Paths;
  /** Resolves when the launcher gave up on a part; never rejects. */
  readonly failed: Promise<LauncherError>;
  #reporter: Reporter;
  #options: SystemOptions;
  #units = new Map<string, Unit>();
  #starting: Promise<unknown>[] = [];
  #ended = new AbortController();
  #supervision: Supervision | undefined;
  #fail: (error: LauncherError) => void;
  #plan: EnginePlan | undefined;
  #ports: WantedPort[] = [];

  constructor(settings: Settings, reporter: Reporter, options: SystemOptions = {}) {
    this.settings = settings;
    this.paths = pathsOf(settings.home);
    this.#reporter = reporter;
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<LauncherError>();
    this.failed = promise;
    this.#fail = resolve;
  }

  /**
   * Brings everything up. When it throws, what had started still runs: call stop().
   *
   * @throws LauncherError that names the part and what to do.
   */
  start(): Promise<SystemAddresses> {
    return this.#track(this.#start());
  }

  async #start(): Promise<SystemAddresses> {
    mkdirSync(this.paths.logs, { recursive: true });
    await this.#clearOrphans();
    const wanted = wantedEngines(this.settings, this.#options.traces ?? true);
    this.#ports = wantedPorts(this.settings, wanted);
    await requireFreePorts(this.#ports);
    const keys = await ensureKeys(this.paths.keys);
    const plan = await planEngines(wanted, this.settings, this.paths, this.#reporter, this.#ended.signal);
    this.#plan = plan;
    const context = this.#context(plan, keys);
    await this.#startAll(plan, context);
    if (this.#options.supervise ?? true) this.#supervise();
    return this.#addresses(plan);
  }

  /** Stops everything in the stated order; safe to call at any time, also while starting. */
  async stop(): Promise<void> {
    this.#ended.abort(new LauncherError("The system was stopped while it was starting."));
    this.#supervision?.end();
    for (const group of STOP_ORDER) {
      await Promise.all(group.map((name) => this.#stopUnit(name)));
    }
    await Promise.allSettled(this.#starting);
  }

  /** @throws LauncherError when this system does not run that part itself. */
  unit(name: string): Unit {
    const unit = this.#units.get(name);
    if (!unit)
      throw new LauncherError(
        `This system runs no part called "${name}": it has ${[...this.#units.keys()].join(", ")}.`,
      );
    return unit;
  }

  get units(): Unit[] {
    return [...this.#units.values()];
  }

  get plan(): EnginePlan {
    if (!this.#plan) throw new LauncherError("The system was not started.");
    return this.#plan;
  }

  async #clearOrphans(): Promise<void> {
    const ended = await endOrphans(this.paths.run);
    if (ended.length > 0) {
      this.#reporter.emit({
        kind: "note",
        text: `Ended what an earlier launcher had left running: ${ended.join(", ")}.`,
      });
    }
  }

  #context(plan: EnginePlan, keys: ServiceContext["keys"]): ServiceContext {
    const urls = SCHEMA_SERVICES.map((service) => [
      service,
      schemaUrls(this.settings, this.paths, plan.addresses.mysqlAdminUrl, service),
    ]);
    return {
      settings: this.settings,
      engines: plan.addresses,
      keys,
      schemas: Object.fromEntries(urls) as ServiceContext["schemas"],
    };
  }

  /** Engines side by side; schemas as soon as MySQL answers; services once their engines answer. */
  async #startAll(plan: EnginePlan, context: ServiceContext): Promise<void> {
    const engines = new Map(plan.units.map((spec) => [spec.name, this.#startUnit(spec)]));
    const schemas = this.#track((engines.get("mysql") ?? Promise.resolve()).then(() => this.#schemas(context)));
    const needed = Promise.all([schemas, engines.get("kafka"), engines.get("redis")]);
    const web = this.#buildsWeb ? this.#track(buildWeb(this.#reporter, this.#ended.signal)) : undefined;
    const specs = appUnits(context, (name) => this.#serviceEnv(name));
    const services = [...specs.values()].map((spec) =>
      this.#track(Promise.all([needed, spec.name === "gateway" ? web : undefined]).then(() => this.#startUnit(spec))),
    );
    await Promise.all([...engines.values(), ...services]);
  }

  get #buildsWeb(): boolean {
    return this.#options.web === true && process.env.STIPEND_WEB_DIR === undefined;
  }

  #serviceEnv(name: ServiceName): NodeJS.ProcessEnv {
    const web = name === "gateway" && this.#buildsWeb ? { STIPEND_WEB_DIR: WEB_DIST } : {};
    return { ...web, ...this.#options.serviceEnv?.(name) };
  }

  async #schemas(context: ServiceContext): Promise<void> {
    const step = new Step(this.#reporter, "schemas");
    const { mysqlAdminUrl } = context.engines;
    const one = async (service: SchemaService): Promise<void> => {
      await provisionSchema(this.settings, this.paths, mysqlAdminUrl, service);
      this.#throwIfStopping();
      await migrateSchema(context, service);
    };
    await step.run(
      "creating and migrating",
      () => Promise.all(SCHEMA_SERVICES.map(one)),
      () => `${SCHEMA_SERVICES.length} schemas are current`,
    );
  }

  #startUnit(spec: UnitSpec): Promise<void> {
    this.#throwIfStopping();
    const ports = this.#ports.filter((want) => want.unit === spec.name);
    const unit = new Unit({ ...spec, ports }, this.paths);
    this.#units.set(spec.name, unit);
    const step = new Step(this.#reporter, spec.name);
    return this.#track(
      step.run(
        "starting",
        () => unit.start(),
        () => `${spec.label} is ready`,
      ),
    );
  }

  /** Remembers a start so that stop() can wait for its end; its failure is handled where it is awaited. */
  #track<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => undefined);
    this.#starting.push(promise);
    return promise;
  }

  #throwIfStopping(): void {
    this.#ended.signal.throwIfAborted();
  }

  async #stopUnit(name: string): Promise<void> {
    const unit = this.#units.get(name);
    if (!unit) return;
    if (unit.pid === undefined) {
      await unit.stop();
      return;
    }
    const step = new Step(this.#reporter, name);
    await step.run(
      "stopping",
      () => unit.stop(),
      (exit) => (exit?.signal ? `stopped by ${exit.signal}` : "stopped"),
    );
  }

  #supervise(): void {
    this.#supervision = new Supervision(this.#reporter, (failure) => this.#fail(failure));
    this.#supervision.watch(this.units);
  }

  #addresses(plan: EnginePlan): SystemAddresses {
    const gateway = urlOf(this.settings, "gateway");
    return {
      gateway,
      console: this.#options.web === true ? `${gateway}/admin` : undefined,
      docs: `${gateway}/api/docs`,
      traces: plan.traceUiUrl,
      mysqlAdminUrl: plan.addresses.mysqlAdminUrl,
      kafkaBrokers: plan.addresses.kafkaBrokers,
      redisUrl: plan.addresses.redisUrl,
      engines: plan.mode,
      logs: this.paths.logs,
    };
  }
}
