import { type Document, isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import type { z } from "zod";
import type { Feature } from "./feature.ts";
import { type FeatureEntry, type FeaturesFileData, featuresFileSchema } from "./schema.ts";

export interface FileMistake {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** features[2].cost */
  readonly where: string;
  readonly message: string;
}

export class FeaturesFileError extends Error {
  readonly code = "features_file_invalid";
  readonly mistakes: readonly FileMistake[];

  constructor(fileName: string, mistakes: readonly FileMistake[]) {
    const lines = mistakes.map((m) => `${fileName}:${m.line}:${m.column}: ${m.where ? `${m.where} ` : ""}${m.message}`);
    super(`the features file has ${mistakes.length} mistake(s):\n${lines.join("\n")}`);
    this.name = "FeaturesFileError";
    this.mistakes = mistakes;
  }
}

type Path = readonly PropertyKey[];

/**
 * Reads a features file.
 *
 * @param variables what ${NAME} in a value may stand for.
 * @throws FeaturesFileError naming every mistake with its line.
 */
export function parseFeatures(text: string, variables: Readonly<Record<string, string>>, fileName: string): Feature[] {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true, strict: true });
  const broken = document.errors.map((error) => ({
    line: error.linePos?.[0].line ?? 1,
    column: error.linePos?.[0].col ?? 1,
    where: "",
    message: error.message.split("\n")[0]?.replace(/ at line \d+.*$/, "") ?? "is not YAML",
  }));
  if (broken.length > 0) throw new FeaturesFileError(fileName, broken);

  const place = (path: Path, message: string, key?: string): FileMistake => {
    const { line, col } = counter.linePos(offsetOf(document, path, key));
    return { line, column: col, where: pathText(key === undefined ? path : [...path, key]), message };
  };
  const mistakes: FileMistake[] = [];
  const data = substitute(document.toJS() as unknown, variables, [], (path, message) =>
    mistakes.push(place(path, message)),
  );
  const parsed = featuresFileSchema.safeParse(data);
  if (parsed.success) mistakes.push(...clashes(parsed.data, place));
  else mistakes.push(...parsed.error.issues.flatMap((issue) => describe(issue, place)));
  if (!parsed.success || mistakes.length > 0) throw new FeaturesFileError(fileName, inOrder(mistakes));
  return parsed.data.features.map(featureOf);
}

function featureOf(entry: FeatureEntry): Feature {
  const url = new URL(entry.upstream);
  const { upstream: _upstream, cost, timeout, onDisconnect, ...rest } = entry;
  return {
    ...rest,
    upstream: { origin: url.origin, path: url.pathname },
    cost:
      typeof cost === "number"
        ? { kind: "fixed", amount: cost }
        : { kind: "reported", upTo: cost.upTo, otherwise: cost.otherwise },
    limit: entry.limit,
    timeoutMs: timeout,
    // A stream that was watched to its last but one byte is a served call: giving it back would make it free.
    onDisconnect: onDisconnect ?? (entry.answer === "streamed" ? "charge" : "release"),
  };
}

type Place = (path: Path, message: string, key?: string) => FileMistake;

function describe(issue: z.core.$ZodIssue, place: Place): FileMistake[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => place(issue.path, "is not known here", key));
  const missing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
  return [place(issue.path, missing ? "is required" : issue.message)];
}

/** Ids and addresses that stand twice, and parameters of the upstream that the path does not have. */
function clashes(data: FeaturesFileData, place: Place): FileMistake[] {
  const mistakes: FileMistake[] = [];
  const seen = new Set<string>();
  data.features.forEach((entry, index) => {
    const address = `${entry.method} ${entry.path.replace(/:\w+/g, ":")}`;
    if (seen.has(`id ${entry.id}`)) mistakes.push(place(["features", index, "id"], "stands twice"));
    if (seen.has(address)) mistakes.push(place(["features", index, "path"], "is taken by another feature"));
    seen.add(`id ${entry.id}`).add(address);
    const known = new Set(entry.path.match(/:\w+/g) ?? []);
    for (const name of new URL(entry.upstream).pathname.match(/:\w+/g) ?? []) {
      if (!known.has(name)) mistakes.push(place(["features", index, "upstream"], `names ${name}, which path has not`));
    }
  });
  return mistakes;
}

function substitute(
  value: unknown,
  variables: Readonly<Record<string, string>>,
  path: Path,
  complain: (path: Path, message: string) => void,
): unknown {
  if (typeof value === "string") {
    return value.replace(/\$\{(\w+)\}/g, (whole, name: string) => {
      const replacement = variables[name];
      if (replacement === undefined)
        complain(path, `names ${whole}, which is not set (it must start with STIPEND_UPSTREAM_)`);
      // Something that parses, so that one mistake is not told twice.
      return replacement ?? "http://unset.invalid";
    });
  }
  if (Array.isArray(value)) return value.map((item, index) => substitute(item, variables, [...path, index], complain));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    substitute(item, variables, [...path, key], complain),
  ]);
  return Object.fromEntries(entries) as unknown;
}

/** Where the value at a path stands in the text; what is missing is placed at what should contain it. */
function offsetOf(document: Document, path: Path, key: string | undefined): number {
  const parts = path.filter((part) => typeof part !== "symbol");
  for (let length = parts.length; length >= 0; length--) {
    const node = document.getIn(parts.slice(0, length), true) as Node | undefined | null;
    if (node === undefined || node === null || typeof node !== "object") continue;
    if (key !== undefined && isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key);
      if (pair !== undefined && isScalar(pair.key)) return pair.key.range?.[0] ?? 0;
    }
    if (node.range) return node.range[0];
  }
  return 0;
}

function pathText(path: Path): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}

function inOrder(mistakes: readonly FileMistake[]): FileMistake[] {
  return [...mistakes].sort((a, b) => a.line - b.line || a.column - b.column);
}
