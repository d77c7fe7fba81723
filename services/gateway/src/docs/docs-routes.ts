import { extname } from "node:path";
import type { RouteContract } from "@stipend/platform/http/contract";
import { docs, docsAsset, openapi } from "@stipend/proto/http/gateway";
import { openApiDocument } from "@stipend/proto/http/openapi-document";
import { asset, type Page, page, sendFile, sendPage } from "../http/asset.ts";
import type { Route } from "../http/context.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/** The OpenAPI document of the routes in force, and a page that shows it. Everything is local: no other host is asked. */
export class Docs {
  readonly #html = asset("docs.html", "text/html; charset=utf-8");
  readonly #files: Readonly<Record<string, Page>> = Object.fromEntries(
    docsAsset.params.shape.file.options.map((name) => [name, asset(name, TYPES[extname(name)] ?? "text/plain")]),
  );
  #document: Page = page("application/json; charset=utf-8", Buffer.from("{}"));

  /** Makes the document anew when the routes in force have changed. */
  describe(contracts: readonly RouteContract[]): void {
    const text = JSON.stringify(openApiDocument(contracts));
    this.#document = page("application/json; charset=utf-8", Buffer.from(text));
  }

  routes(): readonly Route[] {
    return [
      { contract: docs, head: true, run: async ({ req, res }) => sendPage(req, res, this.#html) },
      { contract: openapi, head: true, run: async ({ req, res }) => sendPage(req, res, this.#document) },
      {
        contract: docsAsset,
        head: true,
        run: async ({ req, res, params }) => sendFile(req, res, this.#files, params["file"] ?? ""),
      },
    ];
  }
}
