import { join } from "node:path";
import type { EngineUrls } from "@stipend/testing/engines/types";
import { startVitest, type TestUserConfig } from "vitest/node";

const CREDITS = join(import.meta.dirname, "../..");
/** The same histories for every mutant, and few: what they don't notice in 300 is hard to notice. */
const HISTORIES = { STIPEND_HISTORIES: "300", STIPEND_SEED: "20260101" };

export interface Verdict {
  /** The test that noticed; undefined = none did. */
  readonly killedBy: string | undefined;
  /** Its first complaint. */
  readonly said: string | undefined;
}

export interface Planted {
  readonly urls: EngineUrls;
  /** A copy of the service's sql/ with a fault in it. */
  readonly sql: string;
}

/**
 * Lets files of the integration tests look, one after the other, until the first failure.
 *
 * @throws when there is no such file, or it could not run for another reason than a failing test.
 */
export async function look(planted: Planted, files: readonly string[]): Promise<Verdict> {
  for (const file of files) {
    const verdict = await lookOnce(planted, file);
    if (verdict.killedBy !== undefined) return verdict;
  }
  return { killedBy: undefined, said: undefined };
}

async function lookOnce(planted: Planted, file: string): Promise<Verdict> {
  const vitest = await startVitest([join(CREDITS, "test", `${file}.int.test.ts`)], optionsOf(planted));
  try {
    const modules = vitest.state.getTestModules();
    if (modules.length !== 1) throw new Error(`${file}: no such test file`);
    const broken = [...modules.flatMap((module) => module.errors()), ...vitest.state.getUnhandledErrors()];
    const failed = modules.flatMap((module) => [...module.children.allTests("failed")]);
    if (failed.length === 0 && broken.length > 0) throw new Error(`${file} could not run`, { cause: broken[0] });
    const first = failed[0];
    if (first === undefined) return { killedBy: undefined, said: undefined };
    return { killedBy: `${file}: ${first.fullName}`, said: first.result().errors?.[0]?.message };
  } finally {
    await vitest.close();
  }
}

function optionsOf({ urls, sql }: Planted): TestUserConfig & { config: false; root: string } {
  return {
    config: false,
    root: CREDITS,
    watch: false,
    include: ["test/*.int.test.ts"],
    provide: { engines: urls },
    env: { ...HISTORIES, STIPEND_CREDITS_SQL: sql },
    maxWorkers: 1,
    bail: 1,
    testTimeout: 30_000,
    hookTimeout: 120_000,
    reporters: [{}],
  };
}
