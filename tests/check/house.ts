/**
 * Rules of the house that no other tool knows. Each is a function of one file's path and text, so that a test can
 * plant a breach; tests/check/house-part.ts reads the files.
 */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

type Rule = (path: string, text: string) => Finding[];

/** Comments blanked out, line numbers kept. Good enough for our own formatted sources: no comment sign in a regex. */
function withoutComments(text: string): string {
  const blank = (match: string): string => match.replace(/[^\n]/g, " ");
  return text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(^|[\s;{}(),])\/\/[^\n]*/g, blank);
}

function findAll(path: string, text: string, pattern: RegExp, message: string): Finding[] {
  return [...text.matchAll(pattern)].map((match) => ({
    path,
    line: text.slice(0, match.index).split("\n").length,
    message: `${message}: ${match[0].trim().slice(0, 60)}`,
  }));
}

const TEST_FILE = /\.test\.ts$|(^|\/)test\//;
const SPEAKS_SQL = [/^services\/[^/]+\/src\/store\//, /^packages\/platform\/src\/(mysql|inbox|outbox)\//];
const PROCEDURE_CALL = /\.(?:call|callMulti)\s*(?:<[^()]*>)?\(\s*["'`]\w+|["'`]\s*CALL\s+[`\w$]/g;
const STATEMENT = /["'`]\s*(?:SELECT\s|INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|REPLACE\s+INTO)/g;

/** A procedure has one typed caller, in the store; so no rule can be bypassed by SQL written elsewhere. */
export const sqlOnlyInStore: Rule = (path, text) => {
  if (!/^(services|packages)\/.*\.ts$/.test(path) || TEST_FILE.test(path)) return [];
  if (path.startsWith("packages/testing/") || SPEAKS_SQL.some((allowed) => allowed.test(path))) return [];
  const code = withoutComments(text);
  return [
    ...findAll(path, code, PROCEDURE_CALL, "a procedure is called outside src/store"),
    ...findAll(path, code, STATEMENT, "SQL stands outside src/store"),
  ];
};

const READS_ENVIRONMENT = [
  /^services\/[^/]+\/src\/config\.ts$/,
  /^packages\/platform\/src\/telemetry\/register\.ts$/,
  /^packages\/testing\//,
  /^deploy\//,
  /^tests\//,
  /^bench\//,
];

/** Programs hand the environment on as a whole, to be read by the configuration. */
const HANDS_ON = /^(services\/[^/]+|packages\/cli)\/src\/(main|migrate|archive)\.ts$/;

/** The environment is read once, at boot, where every mistake is listed by name. */
export const environmentOnlyInConfig: Rule = (path, text) => {
  if (!path.endsWith(".ts") || TEST_FILE.test(path)) return [];
  if (READS_ENVIRONMENT.some((allowed) => allowed.test(path))) return [];
  const anyUse = /\bprocess\s*\.\s*env\b|\benv\b[^;\n]*from "node:process"/g;
  const reading = /\bprocess\s*\.\s*env\b(?!\s*[,)])/g;
  const pattern = HANDS_ON.test(path) ? reading : anyUse;
  return findAll(path, withoutComments(text), pattern, "only src/config.ts reads the environment");
};

/** Time and ids are arguments of the domain. */
export const domainIsPure: Rule = (path, text) => {
  if (!/^services\/[^/]+\/src\/(domain|rules|usecases)\/.*\.ts$/.test(path) || TEST_FILE.test(path)) return [];
  const clock =
    /\bDate\.now\(|\bnew Date\(\s*\)|\bMath\.random\(|\bTemporal\.Now\b|\brandomUUID\(|\bperformance\.now\(/g;
  const code = withoutComments(text);
  const crypto = /import\s+(?!\{\s*createHash\s*\})[^;]*?from "(?:node:)?crypto"/g;
  return [
    ...findAll(path, code, clock, "time, ids and chance are arguments here"),
    ...findAll(path, code, crypto, "of crypto the rules use createHash alone"),
  ];
};

const MANUAL = ["NAME", "SYNOPSIS", "PARAMETERS", "RETURNS", "ERRORS", "LOCKS", "EXAMPLE"];

function sqlWithoutComments(text: string): string {
  const blank = (match: string): string => match.replace(/[^\n]/g, " ");
  return text
    .replace(/\/\*[\s\S]*?\*\//g, blank)
    .replace(/--[^\n]*/g, blank)
    .replace(/'(?:[^'\\]|''|\\.)*'/g, "''");
}

/** One bare CREATE a file, named like it, headed by its manual page, and never ending the caller's transaction. */
export const proceduresAreWellMade: Rule = (path, text) => {
  const name = /\/sql\/procedures\/([^/]+)\.sql$/.exec(path)?.[1];
  if (name === undefined || TEST_FILE.test(path)) return [];
  const at = (message: string): Finding => ({ path, line: 1, message });
  const code = sqlWithoutComments(text);
  const found: Finding[] = [];
  if (!new RegExp(`^\\s*CREATE\\s+PROCEDURE\\s+\`?${name}\`?\\s*\\(`).test(code)) {
    found.push(at(`must be one bare CREATE PROCEDURE ${name} (…)`));
  }
  // A procedure that only other procedures call works on their temporary tables: its name and effect say enough.
  const needed = /^[\s*#-]*NAME[^\n]*\n[^\n]*\bInternal\./m.test(text) ? ["NAME"] : MANUAL;
  const missing = needed.filter((section) => !new RegExp(`^[\\s*#-]*${section}\\b`, "m").test(text));
  if (missing.length > 0) found.push(at(`its manual page lacks ${missing.join(", ")}`));
  found.push(
    ...findAll(path, code, /\b(?:COMMIT|ROLLBACK|START\s+TRANSACTION|TRUNCATE)\b/gi, "the transaction is the caller's"),
    ...findAll(path, code, /\b(?:NOW|CURRENT_TIMESTAMP|SYSDATE|UTC_TIMESTAMP|CURDATE)\s*\(/gi, "time is an argument"),
    ...findAll(path, code, /^\s*DELIMITER\b/gim, "the driver knows no DELIMITER"),
  );
  return found;
};

/** What belongs to one machine or one registry has no place in the project. */
export const noForeignPlaces: Rule = (path, text) => {
  const found = findAll(path, text, /(?<![\w./])\/(?:work|root|home\/\w+)\/[\w./-]*/g, "a path of one machine");
  if (!path.endsWith("package-lock.json")) return found;
  return [...found, ...findAll(path, text, /"resolved": "https?:[^"]*"/g, "the lock file names a registry host")];
};

/** A test that is skipped or alone in its file proves less than it says. */
export const testsAreWhole: Rule = (path, text) => {
  if (!path.endsWith(".test.ts")) return [];
  const code = withoutComments(text);
  return [
    ...findAll(
      path,
      code,
      /\b(?:test|it|describe)(?:\.\w+)*\.(?:only|skip|todo|fails)\b/g,
      "no test is left out by hand",
    ),
    ...findAll(
      path,
      code,
      /\bsetTimeout\(\s*\w+\s*,\s*\d{3,}|\bsleep\(|\btimers\/promises/g,
      "no sleeping: use eventually()",
    ),
    ...findAll(path, code, /\bvi\.mock\(/g, "no module is mocked: hand in a port instead"),
  ];
};

/** Links of our documents lead somewhere. `exists` answers for a path relative to the repository. */
export function deadLinks(path: string, text: string, exists: (path: string) => boolean): Finding[] {
  if (!path.endsWith(".md")) return [];
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
  const prose = text.replace(/```[\s\S]*?```/g, (block) => block.replace(/[^\n]/g, " "));
  return [...prose.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g)]
    .filter((match) => !exists(new URL(match[1] ?? "", `file:///${folder}/`).pathname.slice(1)))
    .map((match) => ({
      path,
      line: text.slice(0, match.index).split("\n").length,
      message: `the link leads nowhere: ${match[1]}`,
    }));
}

export const RULES: readonly Rule[] = [
  sqlOnlyInStore,
  environmentOnlyInConfig,
  domainIsPure,
  proceduresAreWellMade,
  noForeignPlaces,
  testsAreWhole,
];
