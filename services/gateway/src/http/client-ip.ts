import type { IncomingMessage } from "node:http";
import proxyAddr from "proxy-addr";

/**
 * Tells a request's client: the address of the socket, or, as long as those are trusted proxies, the last one in
 * X-Forwarded-For that is none.
 *
 * @param trusted addresses, networks and names as STIPEND_TRUSTED_PROXIES has them; none: the socket's it is.
 */
export function clientIpBehind(trusted: readonly string[] | undefined): (req: IncomingMessage) => string {
  const isTrusted = trusted === undefined ? () => false : proxyAddr.compile([...trusted]);
  // An IPv4 client of a socket that listens on IPv6 has one address, not two.
  return (req) => (proxyAddr(req, isTrusted) ?? "").replace(/^::ffff:(?=\d+\.)/, "");
}
