import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { splitTarget } from "../routing/path.ts";
import { RouteTable } from "../routing/route-table.ts";
import type { Asset, WebFiles } from "./web-files.ts";

/** What the pages are told; see web/README.md. */
export interface WebSettings {
  readonly signIn: /** development: this gateway makes tokens for demo users itself. */
    | { readonly kind: "token"; readonly development: boolean }
    | { readonly kind: "oidc"; readonly issuer: string; readonly clientId: string; readonly scope: string };
  readonly checkoutUrl?: string;
}

const ASSETS = "/assets/";
const NONCE = "__STIPEND_NONCE__";
const SETTINGS = '"__STIPEND_SETTINGS__"';

/**
 * Serves the member app and the console. Pages have the addresses that the build names and no others, so an address
 * below /api can never answer with a page; everything else is left to the door.
 */
export class WebApp {
  readonly #assets: ReadonlyMap<string, Asset>;
  readonly #pages = new RouteTable<string>();
  readonly #root: string | undefined;
  readonly #settings: () => WebSettings;

  /**
   * @param settings asked for each page.
   * @throws Error when a page stands at an address that can't be routed.
   */
  constructor(files: WebFiles, settings: () => WebSettings) {
    this.#assets = files.assets;
    this.#root = files.pages.get("/");
    for (const [pattern, html] of files.pages) if (pattern !== "/") this.#pages.add("GET", pattern, html);
    this.#settings = settings;
  }

  /** Whether it was answered. */
  handle(req: IncomingMessage, res: ServerResponse): boolean {
    if (req.method !== "GET" && req.method !== "HEAD") return false;
    const { pathname } = splitTarget(req.url ?? "/");
    if (pathname.startsWith(ASSETS)) return this.#asset(req, res, pathname.slice(ASSETS.length));
    const html = this.#pageAt(pathname);
    if (html === undefined) return false;
    this.#page(req, res, html);
    return true;
  }

  #pageAt(pathname: string): string | undefined {
    if (pathname === "/") return this.#root;
    const match = this.#pages.match("GET", pathname.replace(/\/$/, ""));
    return match.kind === "found" ? match.route : undefined;
  }

  /** A nonce of its own for each answer, so it is never kept; what it loads is kept for ever. */
  #page(req: IncomingMessage, res: ServerResponse, html: string): void {
    const nonce = randomBytes(16).toString("base64url");
    const settings = this.#settings();
    // In a script element "<" could end it.
    const text = JSON.stringify(settings).replaceAll("<", "\\u003c");
    const body = Buffer.from(html.replace(NONCE, nonce).replace(SETTINGS, () => text));
    res.setHeader("content-security-policy", policy(nonce, settings));
    res.setHeader("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    res.setHeader("cache-control", "no-store");
    send(req, res, "text/html; charset=utf-8", body);
  }

  /** An asset's name holds the hash of its content: what was fetched once is right for ever. */
  #asset(req: IncomingMessage, res: ServerResponse, name: string): boolean {
    const asset = this.#assets.get(name);
    if (asset === undefined) return false;
    const { encoding, body } = smallest(asset, req.headers["accept-encoding"]);
    if (encoding !== undefined) res.setHeader("content-encoding", encoding);
    res.setHeader("vary", "accept-encoding");
    res.setHeader("cache-control", "public, max-age=31536000, immutable");
    send(req, res, asset.type, body);
    return true;
  }
}

/** Scripts from here alone, style sheets from here or with this answer's nonce; the network: here and the sign-in. */
function policy(nonce: string, { signIn }: WebSettings): string {
  const connect = signIn.kind === "oidc" ? ` ${new URL(signIn.issuer).origin}` : "";
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self'${connect}`,
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function smallest(asset: Asset, accepted: string | undefined): { encoding: string | undefined; body: Buffer } {
  const accepts = (coding: string): boolean =>
    (accepted ?? "").split(",").some((each) => {
      const [name, ...parameters] = each.split(";").map((part) => part.trim());
      return name === coding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    });
  if (asset.br !== undefined && accepts("br")) return { encoding: "br", body: asset.br };
  if (asset.gzip !== undefined && accepts("gzip")) return { encoding: "gzip", body: asset.gzip };
  return { encoding: undefined, body: asset.plain };
}

function send(req: IncomingMessage, res: ServerResponse, type: string, body: Buffer): void {
  res.setHeader("content-type", type);
  res.setHeader("content-length", body.length);
  res.end(req.method === "HEAD" ? undefined : body);
}
