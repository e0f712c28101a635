/** Which way HAProxy came to an answer: a look-up without the action, the action from memory, or a question. */
import type { Answer } from "./answer.ts";
import { writeChangedConfig } from "./broken-lua.ts";
import type { Edge } from "./edge.ts";
import { valuesOf } from "./http-message.ts";
import { countVerdicts } from "./verdict-counts.ts";
import { waitFor } from "./wait-for.ts";

/** The way of one request. */
export type Route = "look-up" | "memory" | "question";

const SHOWN = "  http-request set-header show-look-up 1 if { var(txn.jwt_known) -m found }";

/** Writes a shipped configuration that tells the upstream of a look-up, which nothing else would show. */
export function writeRoutedConfig(
  folder: string,
  name: string,
  changes: Parameters<typeof writeChangedConfig>[2] = [],
): string {
  return writeChangedConfig(folder, name, [
    ...changes,
    [/^ *default_backend upstream/m, `${SHOWN}\n  default_backend upstream`],
  ]);
}

/**
 * Asks about one token and says which way that went. Only for an edge of one thread, whose other requests wait: a
 * question is seen in the server's count.
 */
export async function askRouted(
  edge: Edge,
  token: string,
  lines: readonly string[] = [],
): Promise<{ readonly answer: Answer; readonly route: Route }> {
  const before = await countVerdicts(edge.server);
  const answer = await edge.ask(token, lines);
  if ((await countVerdicts(edge.server)) !== before) return { answer, route: "question" };
  return { answer, route: isLookUp(answer) ? "look-up" : "memory" };
}

/** Whether a request that was passed on by such a configuration was answered by a look-up. */
export function isLookUp(answer: Answer): boolean {
  return valuesOf(answer.delivered?.fields ?? [], "show-look-up").length > 0;
}

/** Waits until what is asked is remembered, which begins with the first lease; takes any good token. */
export async function waitUntilRemembering(edge: Edge, token: string): Promise<void> {
  await waitFor("HAProxy to remember", async () => {
    return (await askRouted(edge, token)).route !== "question";
  });
}
