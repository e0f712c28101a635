/** Refuses requests that were meant for another host: the defence against DNS rebinding. */

/** Tells whether a `Host` value may be answered. */
export type IsAllowedHost = (host: string | null) => boolean;

/**
 * Allows loopback names and addresses and the hosts that were named, with any port. No `Host`, or an
 * empty one, is none of these.
 *
 * @param named hosts without ports, as configured
 */
export function createIsAllowedHost(named: readonly string[]): IsAllowedHost {
  const allowed = new Set(["localhost", "[::1]", ...named.map(normalize)]);
  // Callers show the same few values over and over; only good ones are remembered, and only one.
  let known: string | undefined;
  return (host) => {
    if (host === null) return false;
    if (host === known) return true;
    const name = normalize(host.replace(/:\d{1,5}$/, ""));
    const isAllowed = allowed.has(name) || /^127(\.\d{1,3}){3}$/.test(name);
    if (isAllowed) known = host;
    return isAllowed;
  };
}

const PROBES = new Set(["/generic/health", "/livez", "/readyz"]);

/**
 * Tells whether a request is a health probe that names no host at all: HAProxy's `option httpchk GET /livez`
 * speaks HTTP/1.0, which has no `Host`. No browser can send it, and it learns nothing.
 */
export function isBareProbe({ method, headers, url }: Request): boolean {
  if (headers.get("host") !== null || (method !== "GET" && method !== "HEAD")) return false;
  return PROBES.has(new URL(url).pathname);
}

function normalize(host: string): string {
  const lower = host.toLowerCase().replace(/\.$/, "");
  return lower.includes(":") && !lower.startsWith("[") ? `[${lower}]` : lower;
}
