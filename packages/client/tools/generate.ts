/**
 * Writes gen/ from proto/openapi.json, or, with --check, says whether it is what the document says.
 *
 *   node packages/client/tools/generate.ts [--check]
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString, type OpenAPI3 } from "openapi-typescript";

const DOCUMENT = new URL("../../../proto/openapi.json", import.meta.url);
const GEN = new URL("../gen/", import.meta.url);
const HEADER = "// Generated from proto/openapi.json by npm run client:generate. Never edited.\n\n";

interface Parameter {
  readonly name?: string;
  readonly in?: string;
}
type Document = OpenAPI3 & {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly parameters?: readonly Parameter[] }>>>>;
};

/** Operations that take an Idempotency-Key, so that the client can make one and send the request again. */
function keyedOperations(document: Document): string {
  const keyed = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.parameters?.some(({ name }) => name === "Idempotency-Key") === true)
      .map(([method]) => `  "${method.toUpperCase()} ${path}",`),
  );
  return `export const TAKES_KEY: ReadonlySet<string> = new Set([\n${keyed.join("\n")}\n]);\n`;
}

/** "HoldEndedDetails" → "hold_ended": the members that a problem with this code has for sure. */
function promisedDetails(document: Document): string {
  const lines = Object.keys(document.components?.schemas ?? {})
    .filter((name) => name.endsWith("Details"))
    .map((name) => {
      const code = name
        .slice(0, -"Details".length)
        .replace(/(?!^)[A-Z]/g, "_$&")
        .toLowerCase();
      return `  ${code}: components["schemas"]["${name}"];`;
    });
  return `import type { components } from "./api.ts";\n\nexport interface DetailsByCode {\n${lines.join("\n")}\n}\n`;
}

async function generate(): Promise<Readonly<Record<string, string>>> {
  const document = JSON.parse(await readFile(DOCUMENT, "utf8")) as Document;
  // What has a default may be left out of a request; in an answer it always stands, and is required there.
  const types = await openapiTS(document, { defaultNonNullable: false, silent: true });
  return {
    "api.ts": HEADER + astToString(types),
    "keyed.ts": HEADER + keyedOperations(document),
    "details.ts": HEADER + promisedDetails(document),
  };
}

async function compare(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const judged = await Promise.all(
    Object.entries(files).map(async ([name, text]) => ({
      name,
      same: (await readFile(new URL(name, GEN), "utf8").catch(() => "")) === text,
    })),
  );
  return judged.filter(({ same }) => !same).map(({ name }) => name);
}

const files = await generate();
if (process.argv.includes("--check")) {
  for (const name of await compare(files)) {
    console.error(`packages/client/gen/${name} is not what proto/openapi.json says: npm run client:generate`);
    process.exitCode = 1;
  }
} else {
  await mkdir(GEN, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(new URL(name, GEN), text);
}
