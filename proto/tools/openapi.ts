/**
 * Writes proto/openapi.json from the contracts, or, with --check, says whether it is what they say.
 *
 *   node proto/tools/openapi.ts [--check]
 */
import { readFile, writeFile } from "node:fs/promises";
import { publicRoutes } from "../http/catalogue.ts";
import { openApiDocument, unknownErrorCodes } from "../http/openapi-document.ts";

const FILE = new URL("../openapi.json", import.meta.url);

const contracts = publicRoutes().map(({ contract }) => contract);
const text = `${JSON.stringify(openApiDocument(contracts), null, 1)}\n`;
const unknown = unknownErrorCodes(contracts);

if (unknown.length > 0) {
  console.error(`These error codes stand in no table (proto/http/problems.ts):\n  ${unknown.join("\n  ")}`);
  process.exitCode = 1;
}

if (process.argv.includes("--check")) {
  const committed = await readFile(FILE, "utf8").catch(() => "");
  if (committed !== text) {
    console.error("proto/openapi.json is not what proto/http says: run `npm run openapi` and commit it.");
    process.exitCode = 1;
  }
} else {
  await writeFile(FILE, text);
}
