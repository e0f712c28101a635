/** Changes at the command line that wait until they are enforced everywhere, and what is then said of it. */
import type { Appliance } from "./appliance.ts";
import { parseOutput } from "./command-line.ts";

/** What a confirmation says. */
export interface Confirmed {
  readonly applied: boolean;
  readonly verifiers: readonly Stand[];
  /** Those it still waits for; undefined when it was applied. */
  readonly pending?: readonly Stand[];
}

/** Where one verifier stands; its name is `node/pid/thread`. */
export interface Stand {
  readonly name: string;
  readonly state: "applied" | "fenced" | "pending" | "unconfirmed";
}

/** Long enough for a server that has just started, which confirms nothing in its first seconds. */
const TIMEOUT_SECONDS = 15;

/** Makes a change, as in `confirm(server, ["revoke", "block", "bob"])`. */
export async function confirm(
  server: Appliance,
  change: readonly string[],
  timeoutSeconds = TIMEOUT_SECONDS,
): Promise<Confirmed> {
  const waiting = ["--reason", "test", "--wait", "--timeout", String(timeoutSeconds), "--json"];
  const result = await server.run(...change, ...waiting);
  // 3: stored, and not confirmed in time.
  if (result.code !== 0 && result.code !== 3) throw new Error(result.stderr);
  return parseOutput(result) as unknown as Confirmed;
}
