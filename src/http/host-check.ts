/** Refuses requests that were meant for another host: the defence against DNS rebinding. */

/** Tells whether a `Host` value may be answered. */
export type IsAllowedHost = (host: string | null) => boolean;

/**
 * Allows loopback names and addresses and the hosts that were named, with any port. A request without
 * `Host` cannot come from a browser, nor can one over a unix socket.
 *
 * @param named hosts without ports, as configured
 */
export function createIsAllowedHost(named: readonly string[]): IsAllowedHost {
  const allowed = new Set(["localhost", "[::1]", ...named.map(normalize)]);
  // Callers show the same few values over and over; only good ones are remembered, and only one.
  let known: string | undefined;
  return (host) => {
    if (host === null || host === "" || host === known) return true;
    const name = normalize(host.replace(/:\d{1,5}$/, ""));
    const isAllowed = allowed.has(name) || /^127(\.\d{1,3}){3}$/.test(name);
    if (isAllowed) known = host;
    return isAllowed;
  };
}

function normalize(host: string): string {
  const lower = host.toLowerCase().replace(/\.$/, "");
  return lower.includes(":") && !lower.startsWith("[") ? `[${lower}]` : lower;
}
