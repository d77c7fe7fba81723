import { defineConfig } from "vitest/config";

/** The tests that Stryker runs against each mutant of the ledger's TypeScript (stryker.config.json): no engine needed. */
export default defineConfig({
  test: {
    include: ["services/credits/test/**/*.unit.test.ts"],
    exclude: ["**/node_modules/**"],
    testTimeout: 15_000,
  },
});
