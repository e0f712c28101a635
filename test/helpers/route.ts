/** Which way a request went through a shipped configuration: by the look-up of known verdicts, or by the action. */
import type { Answer } from "./answer.ts";
import { valuesOf } from "./http-message.ts";

/** A change for `writeChangedConfig`: what the action is run for, and nothing else, tells the upstream so. */
export const ACTION_MARK: readonly [from: RegExp, to: string] = [
  /^ *http-request lua\.verify-jwt (unless .*)$/m,
  "  http-request set-header show-action 1 $1\n$&",
];

/** The way of a request that was delivered through a configuration with the mark. */
export function routeOf({ delivered }: Answer): "action" | "fast path" {
  if (delivered === undefined) throw new Error("nothing was delivered");
  return valuesOf(delivered.fields, "show-action").length > 0 ? "action" : "fast path";
}
