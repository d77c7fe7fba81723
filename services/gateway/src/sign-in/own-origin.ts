import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { Refusal } from "../http/refusal.ts";

/**
 * Refuses a sign-in that a page of another origin sent: a token must not go to whatever site is open in a browser on
 * the same machine. A public name in Host is refused as well, as it may be another site's name that was pointed at
 * this address (DNS rebinding). Programs send neither Origin nor Sec-Fetch-Site.
 *
 * @throws Refusal sign_in_from_elsewhere.
 */
export function requireOwnOrigin({ headers }: IncomingMessage): void {
  const { host = "", origin } = headers;
  const site = headers["sec-fetch-site"];
  const sameOrigin =
    site === undefined ? origin === undefined || hostOf(origin) === host : site === "same-origin" || site === "none";
  if (!sameOrigin || !isLocalName(host)) throw new Refusal("sign_in_from_elsewhere");
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** An address, localhost, or a name without a dot, which no public name is. */
function isLocalName(host: string): boolean {
  if (!URL.canParse(`http://${host}`)) return false;
  const { hostname } = new URL(`http://${host}`);
  const bare = hostname.replace(/^\[|\]$/g, "");
  return isIP(bare) !== 0 || !bare.includes(".") || bare.endsWith(".localhost");
}
