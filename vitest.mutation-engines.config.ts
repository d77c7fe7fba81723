import { defineConfig } from "vitest/config";

/**
 * The tests that Stryker runs against each mutant when there are engines (stryker.engines.config.mjs). Not the generated histories: they ask the procedures,
 * and take longer than all others together.
 */
export default defineConfig({
  test: {
    include: ["services/credits/test/**/*.{unit,int}.test.ts"],
    exclude: ["**/node_modules/**", "**/*histories.int.test.ts"],
    globalSetup: ["./packages/testing/src/global-setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
