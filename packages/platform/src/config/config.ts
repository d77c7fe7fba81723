import type { z } from "zod";

/** Thrown at boot; the message lists every mistake, one a line, by the variable's name. */
export class ConfigError extends Error {
  readonly code = "config_invalid";
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(`The configuration has ${mistakes.length} mistake(s):\n${mistakes.map((m) => `  - ${m}`).join("\n")}`);
    this.name = "ConfigError";
    this.mistakes = mistakes;
  }
}

/**
 * Reads the environment once. Keys of the schema are the variables' names; an empty variable counts as unset.
 * Values never stand in the error, as they may be secrets.
 *
 * @throws ConfigError listing every mistake.
 */
export function readConfig<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv): z.output<S> {
  const given: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = env[name];
    if (value !== undefined && value !== "") given[name] = value;
  }
  const parsed = schema.safeParse(given);
  const mistakes = parsed.success ? [] : parsed.error.issues.map((issue) => describeIssue(issue, given));
  mistakes.push(...productionMistakes(schema, given));
  if (!parsed.success || mistakes.length > 0) throw new ConfigError(mistakes);
  return parsed.data;
}

function describeIssue(issue: z.core.$ZodIssue, given: Record<string, string>): string {
  const name = String(issue.path[0] ?? "configuration");
  if (issue.path.length === 1 && !(name in given) && issue.code === "invalid_type") return `${name} is required`;
  return `${name}: ${issue.message}`;
}

/** What only a developer's machine may have. */
function productionMistakes(schema: z.ZodObject, given: Record<string, string>): string[] {
  const production = "NODE_ENV" in schema.shape && (given["NODE_ENV"] ?? "production") === "production";
  if (!production) return [];
  return given["STIPEND_DEV_CLOCK"] === "on"
    ? ["STIPEND_DEV_CLOCK: on is refused in production (NODE_ENV=production); unset it or set it to off"]
    : [];
}
