import base from "./stryker.config.json" with { type: "json" };

/** As stryker.config.json, with the tests that need engines; services/credits/test/mutations/with-engines.ts starts those. */
export default {
  ...base,
  vitest: { ...base.vitest, configFile: "vitest.mutation-engines.config.ts" },
  timeoutMS: 20_000,
  dryRunTimeoutMinutes: 20,
  reporters: [...base.reporters, "progress-append-only"],
  jsonReporter: { fileName: "reports/mutation/engines.json" },
  htmlReporter: { fileName: "reports/mutation/engines.html" },
};
