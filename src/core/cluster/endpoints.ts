/** Reads `JWT_STORE`: a `postgres://` URL that may name several servers, of which one is the primary. */

/** One server's URL for each host that a URL names, in its order; undefined for what is no such URL. */
export function parseEndpoints(url: string): readonly string[] | undefined {
  const match = /^(postgres(?:ql)?:\/\/(?:[^@/]*@)?)([^/?]+)([/?].*)?$/.exec(url);
  const [, start, hosts, rest = ""] = match ?? [];
  if (start === undefined || hosts === undefined) return undefined;
  const urls = hosts.split(",").map((host) => start + host + rest);
  return urls.every((one) => URL.canParse(one) && new URL(one).hostname !== "") ? urls : undefined;
}
