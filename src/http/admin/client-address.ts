/** Finds a client's address behind the proxies that are trusted to tell it. */

/**
 * Makes the finder. `X-Forwarded-For` counts only when the connection comes from a trusted proxy, and
 * then its last address that is not itself one: what stands further left anybody can write.
 */
export function createClientAddress(
  trustedProxies: readonly string[],
): (peer: string, forwardedFor: string | null) => string {
  const trusted = new Set(trustedProxies.map(normalizeAddress));
  return (peer, forwardedFor) => {
    let address = normalizeAddress(peer);
    const hops = (forwardedFor ?? "").split(",").map((hop) => normalizeAddress(hop.trim()));
    while (trusted.has(address)) {
      const hop = hops.pop();
      if (hop === undefined || !isAddress(hop)) break;
      address = hop;
    }
    return address;
  };
}

/** One spelling for each address: no brackets, no IPv4 inside IPv6, no port, lower case. */
function normalizeAddress(text: string): string {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? text;
  const noPort = /^(\d{1,3}(?:\.\d{1,3}){3}):\d+$/.exec(bare)?.[1] ?? bare;
  return noPort.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
}

function isAddress(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) || /^[0-9a-f:.]{2,45}$/.test(text);
}
