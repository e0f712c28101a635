/** How many tokens a server has judged, and which way they came: as its own metrics say. */
import type { Appliance } from "./appliance.ts";

/** Where a token's signature was verified, or that it was decrypted first. */
export type JudgingPath = "server" | "haproxy" | "jwe";

/** The verdicts so far of one path, or of all. */
export async function countVerdicts(
  server: Pick<Appliance, "port">,
  path?: JudgingPath,
): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${server.port}/metrics`);
  const lines = (await response.text()).matchAll(/^haproxy_jwt_verdicts_total\{(.*)\} (\d+)$/gm);
  let sum = 0;
  for (const [, labels = "", count = ""] of lines) {
    if (path === undefined || labels.includes(`path="${path}"`)) sum += Number(count);
  }
  return sum;
}
