import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import proxyAddr from "proxy-addr";

/**
 * Tells a request's client: the address of the socket, or, as long as those are trusted proxies, the last one in
 * X-Forwarded-For that is none.
 *
 * @param trusted addresses, networks and names as STIPEND_TRUSTED_PROXIES has them; none: the socket's it is.
 */
export function clientIpBehind(trusted: readonly string[] | undefined): (req: IncomingMessage) => string {
  const isTrusted = trusted === undefined ? () => false : proxyAddr.compile([...trusted]);
  return (req) => {
    const told = withoutPort(proxyAddr(req, isTrusted) ?? "");
    // What a proxy passes on unread may be anything; limits are counted by it, and the audit log keeps it.
    const address = isIP(told) === 0 ? (req.socket.remoteAddress ?? "") : told;
    // An IPv4 client of a socket that listens on IPv6 has one address, not two.
    return address.replace(/^::ffff:(?=\d+\.)/, "");
  };
}

/** Some proxies write "203.0.113.7:4711" or "[2001:db8::1]:4711": each connection would be a client of its own. */
function withoutPort(text: string): string {
  return /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? text;
}
