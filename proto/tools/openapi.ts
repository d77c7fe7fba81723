/**
 * Writes openapi.json (the public routes) and openapi.<service>.internal.json (what a service answers to the others) from
 * the contracts, or, with --check, says whether they are what the contracts say.
 *
 *   node proto/tools/openapi.ts [--check]
 */
import { readFile, writeFile } from "node:fs/promises";
import { internalRoutes, publicRoutes } from "../http/catalogue.ts";
import { openApiDocument } from "../http/openapi-document.ts";
import { unknownErrorCodes } from "../http/openapi-problems.ts";

const open = publicRoutes().map(({ contract }) => contract);
const owners = new Set(internalRoutes().map(({ owner }) => owner));

function internalDocument(owner: string): ReturnType<typeof openApiDocument> {
  const routes = internalRoutes().filter((route) => route.owner === owner);
  return openApiDocument(
    routes.map(({ contract }) => contract),
    {
      title: `Stipend: what ${owner} answers to the other services`,
      description: "Never routed from outside. Each call carries a short-lived internal token for this one service.",
    },
  );
}

const documents = {
  "openapi.json": openApiDocument(open),
  ...Object.fromEntries([...owners].map((owner) => [`openapi.${owner}.internal.json`, internalDocument(owner)])),
};

const unknown = unknownErrorCodes([...open, ...internalRoutes().map(({ contract }) => contract)]);
if (unknown.length > 0) {
  console.error(`These error codes stand in no table (proto/http/problems.ts):\n  ${unknown.join("\n  ")}`);
  process.exitCode = 1;
}

for (const [name, document] of Object.entries(documents)) {
  const file = new URL(`../${name}`, import.meta.url);
  const text = `${JSON.stringify(document, null, 1)}\n`;
  if (!process.argv.includes("--check")) await writeFile(file, text);
  else if ((await readFile(file, "utf8").catch(() => "")) !== text) {
    console.error(`proto/${name} is not what proto/http says: run npm run proto:openapi and commit it.`);
    process.exitCode = 1;
  }
}
