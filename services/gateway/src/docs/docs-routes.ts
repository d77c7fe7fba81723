import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname } from "node:path";
import type { RouteContract } from "@stipend/platform/http/contract";
import { docs, docsAsset, openapi } from "@stipend/proto/http/gateway";
import { openApiDocument } from "@stipend/proto/http/openapi-document";
import type { Route } from "../http/context.ts";
import { Refusal } from "../http/refusal.ts";

const ASSETS = new URL("../../assets/", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

interface Page {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

function page(type: string, body: Buffer): Page {
  return { type, body, etag: `"${hash("sha256", body, "base64url")}"` };
}

function asset(name: string, type: string): Page {
  return page(type, readFileSync(new URL(name, ASSETS)));
}

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
      { contract: docs, head: true, run: async ({ req, res }) => send(req, res, this.#html) },
      { contract: openapi, head: true, run: async ({ req, res }) => send(req, res, this.#document) },
      {
        contract: docsAsset,
        head: true,
        run: async ({ req, res, params }) => {
          const name = params["file"] ?? "";
          const file = Object.hasOwn(this.#files, name) ? this.#files[name] : undefined;
          if (file === undefined) throw new Refusal("not_found");
          send(req, res, file);
        },
      },
    ];
  }
}

function send(req: IncomingMessage, res: ServerResponse, { type, body, etag }: Page): void {
  res.setHeader("etag", etag);
  res.setHeader("cache-control", "no-cache");
  if (req.headers["if-none-match"] === etag) {
    res.statusCode = 304;
    res.end();
    return;
  }
  res.setHeader("content-type", type);
  res.setHeader("content-length", body.length);
  res.end(req.method === "HEAD" ? undefined : body);
}
