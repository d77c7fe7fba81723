/**
 * What may import what: docs/architecture.md says it in words, this file makes it true.
 * Every rule here is proved by a planted breach in tests/check/boundaries.unit.test.ts.
 *
 * The parser is swc, because TypeScript 7 has no JavaScript API for dependency-cruiser to call.
 */
const SERVICE = "^services/([^/]+)/src/";
const TESTS = "\\.test\\.ts$";
/** Packages of these folders belong to the project; everything below node_modules does not. */
const OURS = "^(proto|packages|services|web|deploy|tests|bench)/";

/** Calendar arithmetic and SHA-256 count as part of the language; of crypto the house rules allow createHash alone. */
/** How the audit log is hashed, checked and exported: pure, and shared with whoever checks an export without the service. */
const AUDIT_CHAIN = "^proto/audit/";

const PURE = "(^|/)node_modules/temporal-(polyfill|spec)/|^(node:)?crypto$";

/** @param {string} layer */
const layer = (layer) => ({ path: `${SERVICE}${layer}/`, pathNot: TESTS });

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "domain-imports-itself",
      comment: "Pure types and rules: a rule that needs something takes it as an argument.",
      severity: "error",
      from: layer("(?:domain|rules)"),
      to: { pathNot: ["^services/$1/src/(domain|rules)/", AUDIT_CHAIN, PURE] },
    },
    {
      name: "usecases-import-domain",
      comment:
        "A use case states the ports it needs as interfaces of its own; store and doors are handed in by app.ts. Of the platform it knows only errors with a code.",
      severity: "error",
      from: layer("usecases"),
      to: {
        pathNot: ["^services/$1/src/(domain|rules|usecases)/", "^packages/platform/src/errors/", AUDIT_CHAIN, PURE],
      },
    },
    {
      name: "store-imports-ports-and-mysql",
      comment: "One typed function a procedure: domain types, the use cases' ports, and the platform's MySQL.",
      severity: "error",
      from: layer("store"),
      to: {
        path: OURS,
        pathNot: [
          "^services/$1/src/(domain|rules|usecases|store)/",
          "^packages/platform/src/(mysql|inbox|outbox|errors)/",
          AUDIT_CHAIN,
        ],
      },
    },
    {
      name: "doors-do-not-reach-the-store",
      comment: "A door parses, calls a use case and answers: it imports use cases, proto and the platform.",
      severity: "error",
      from: layer("(?:http|events|jobs)"),
      to: { path: ["^services/$1/src/store/", "^services/$1/src/(main|app|migrate|config)\\.ts$"] },
    },
    {
      name: "doors-use-domain-types-only",
      comment: "The shape of an outcome may be named at a door; deciding one is the use case's.",
      severity: "error",
      from: layer("(?:http|events|jobs)"),
      to: { path: "^services/$1/src/domain/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "doors-are-apart",
      comment: "What two doors share belongs to a use case or to the platform.",
      severity: "error",
      // The gateway is one single door: its folders are subjects, not ways in.
      from: { path: `${SERVICE}(http|events|jobs)/`, pathNot: [TESTS, "^services/gateway/"] },
      to: { path: "^services/$1/src/(http|events|jobs)/", pathNot: "^services/$1/src/$2/" },
    },
    {
      name: "only-the-root-sees-config",
      comment: "Configuration is read once, in config.ts, and handed on as values.",
      severity: "error",
      from: { path: `${SERVICE}[^/]+/`, pathNot: TESTS },
      to: { path: "^services/$1/src/(config|app|main|migrate)\\.ts$", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "no-service-imports-another",
      comment: "Services talk by HTTP and Kafka; what they share is in proto or the platform.",
      severity: "error",
      from: { path: "^services/([^/]+)/" },
      to: { path: "^services/", pathNot: "^services/$1/" },
    },
    {
      name: "services-import-no-tooling",
      comment: "Nothing of the launcher, the tests or the benchmarks runs in production.",
      severity: "error",
      from: { path: "^services/[^/]+/src/", pathNot: TESTS },
      to: { path: "^(packages/testing|deploy|tests|bench)/" },
    },
    {
      name: "platform-knows-no-domain",
      comment: "The platform serves any service: it imports no service, no contract, no launcher, no test helper.",
      severity: "error",
      from: { path: "^packages/platform/", pathNot: "^packages/platform/test/|\\.test\\.ts$" },
      to: { path: OURS, pathNot: "^packages/platform/" },
    },
    {
      name: "drivers-behind-one-module",
      comment: "kafkajs and mysql2 can be replaced in one place (docs/adr/0005).",
      severity: "error",
      from: {
        path: "^(services|packages/platform)/",
        pathNot: ["^packages/platform/src/(kafka|mysql)/", "/test/", TESTS],
      },
      to: { path: "(^|/)node_modules/(kafkajs|mysql2)/" },
    },
    {
      name: "proto-imports-the-contract-only",
      comment: "Contracts stand on their own, so that a client can be made from them.",
      severity: "error",
      from: { path: "^proto/" },
      to: { path: OURS, pathNot: ["^proto/", "^packages/platform/src/http/(contract|problems)\\.ts$"] },
    },
    {
      name: "client-stands-alone",
      comment: "The client runs in a browser as well: nothing of ours, and nothing of Node.",
      severity: "error",
      from: { path: "^packages/client/src/" },
      to: { path: [OURS, "^(node:)?[a-z_/]+$"], pathNot: "^packages/client/" },
    },
    {
      name: "testing-imports-platform-and-local",
      severity: "error",
      from: { path: "^packages/testing/" },
      to: { path: OURS, pathNot: ["^packages/(testing|platform)/", "^deploy/local/"] },
    },
    {
      name: "local-imports-platform",
      comment: "The launcher starts services as processes; it never imports one.",
      severity: "error",
      from: { path: "^deploy/local/" },
      to: { path: OURS, pathNot: ["^packages/platform/", "^deploy/local/"] },
    },
    {
      name: "web-is-a-client",
      comment:
        "The apps are built on @stipend/react, @stipend/client and HTTP; of the contracts they take types, and load none of them.",
      severity: "error",
      from: { path: "^web/", pathNot: TESTS },
      to: { path: OURS, pathNot: ["^web/", "^packages/(react|client)/"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "web-knows-contracts-only",
      severity: "error",
      from: { path: "^web/", pathNot: TESTS },
      to: { path: OURS, pathNot: ["^web/", "^packages/(react|client)/", "^proto/http/"] },
    },
    {
      name: "nobody-imports-web",
      comment: "The launcher runs its build, the gateway serves the files.",
      severity: "error",
      from: { pathNot: "^web/" },
      to: { path: "^web/" },
    },
    {
      name: "black-box-tests-use-the-front-door",
      comment:
        "End-to-end tests, fault tests and the tour see what a client sees: contracts and HTTP, never a service's code.",
      severity: "error",
      from: { path: "^tests/" },
      to: { path: "^services/" },
    },
    {
      name: "cli-uses-the-front-door",
      comment: "The command line is a client: @stipend/client, contracts and engines, never a service's code.",
      severity: "error",
      from: { path: "^packages/cli/", pathNot: "^packages/cli/test/" },
      to: { path: OURS, pathNot: ["^packages/(cli|client|platform)/", "^proto/", "^deploy/local/"] },
    },
    {
      name: "nobody-imports-tests",
      severity: "error",
      from: { pathNot: "^(tests|bench)/|\\.test\\.ts$|/test/" },
      to: { path: "^(tests|bench)/" },
    },
    {
      name: "main-is-started-not-imported",
      severity: "error",
      from: {},
      to: { path: "/src/(main|migrate|archive)\\.ts$" },
    },
    {
      name: "no-cycles",
      comment: "Types may name each other; code that needs each other to load is one file too many.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "imports-resolve",
      comment: "An import that leads nowhere, or to a package nobody declared.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(gen|\\.stipend)/|^web/dist" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["source", "import", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".js", ".mjs", ".cjs", ".d.ts", ".json"],
    },
  },
};
