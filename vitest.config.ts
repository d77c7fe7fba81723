import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";

const ENGINES_SETUP = "./packages/testing/src/global-setup.ts";
const EXCLUDED = ["**/node_modules/**", "**/.stipend/**", "**/.stryker-tmp/**"];
const ROOTS = "{proto,packages,services,web,deploy,bench,tests}";

/** Test files say by their suffix what they need, and that decides which project runs them. */
export default defineConfig({
  test: {
    passWithNoTests: false,
    projects: [
      {
        test: {
          name: "unit",
          include: [`${ROOTS}/**/*.unit.test.ts`],
          exclude: EXCLUDED,
          testTimeout: 15_000,
          // The default leaves a core idle.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "int",
          include: [`${ROOTS}/**/*.int.test.ts`],
          exclude: EXCLUDED,
          globalSetup: existsSync(new URL(ENGINES_SETUP, import.meta.url)) ? [ENGINES_SETUP] : [],
          testTimeout: 30_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["tests/e2e/**/*.e2e.test.ts"],
          exclude: EXCLUDED,
          globalSetup: ["./tests/support/e2e-setup.ts"],
          // The files share one running system and its clock.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: "faults",
          include: ["tests/faults/**/*.e2e.test.ts"],
          exclude: EXCLUDED,
          // Each file kills parts of a system of its own: one at a time.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: "browser",
          include: ["tests/browser/**/*.browser.test.ts"],
          exclude: EXCLUDED,
          globalSetup: ["./tests/support/browser-setup.ts"],
          // The files share one running system.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
