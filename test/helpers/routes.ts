/** Which way HAProxy came to an answer: a look-up without the action, the action from memory, or a question. */
import type { Answer } from "./answer.ts";
import { writeChangedConfig } from "./broken-lua.ts";
import type { Edge } from "./edge.ts";
import { valuesOf } from "./http-message.ts";
import { countVerdicts } from "./verdict-counts.ts";
import { waitFor } from "./wait-for.ts";

/** The way of one request. */
export type Route = "look-up" | "memory" | "question";

/** A change for `writeChangedConfig`: what the action is run for, and nothing else, tells the upstream so. */
export const ACTION_MARK: readonly [from: RegExp, to: string] = [
  /^ *http-request lua\.verify-jwt (unless .*)$/m,
  "  http-request set-header show-action 1 $1\n$&",
];

/** Writes a shipped configuration that tells the upstream of the action, which nothing else would show. */
export function writeRoutedConfig(
  folder: string,
  name: string,
  changes: Parameters<typeof writeChangedConfig>[2] = [],
): string {
  return writeChangedConfig(folder, name, [...changes, ACTION_MARK]);
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

/** Whether such a configuration passed a request on without the action. */
export function isLookUp({ delivered }: Answer): boolean {
  return delivered !== undefined && valuesOf(delivered.fields, "show-action").length === 0;
}

/** The way of a request that such a configuration passed on. @throws Error for one that it did not */
export function routeOf(answer: Answer): "action" | "fast path" {
  if (answer.delivered === undefined) throw new Error("nothing was delivered");
  return isLookUp(answer) ? "fast path" : "action";
}

/** Waits until what is asked is remembered, which begins with the first lease; takes any good token. */
export async function waitUntilRemembering(edge: Edge, token: string): Promise<void> {
  await waitFor("HAProxy to remember", async () => {
    return (await askRouted(edge, token)).route !== "question";
  });
}
