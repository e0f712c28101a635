/** HAProxy under its master process, as a service manager runs it: reloads hand the listening sockets over. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./appliance.ts";
import { HAPROXY } from "./haproxy.ts";
import { findFreePort } from "./ports.ts";
import { type Program, startProgram } from "./program.ts";
import { openConnection } from "./raw-client.ts";
import { waitFor } from "./wait-for.ts";

/** A master with its worker. */
export interface Master {
  readonly port: number;
  readonly program: Program;
  /** SIGUSR2; returns once the new worker is at work. */
  readonly reload: () => Promise<void>;
  /** Its processes' ids: the worker, and those of before a reload that are not gone yet. */
  readonly workers: () => readonly number[];
}

/** Starts a master on a shipped configuration; both end when `stack` is disposed. */
export async function startMaster(
  stack: AsyncDisposableStack,
  options: { readonly folder: string; readonly env: Readonly<Record<string, string>> },
): Promise<Master> {
  const port = await findFreePort();
  const program = startProgram(stack, {
    command: [HAPROXY, "-W", "-f", join(ROOT, "haproxy", "haproxy.cfg")],
    env: { JWT_LUA_DIR: join(ROOT, "lua"), JWT_FRONTEND_BIND: `127.0.0.1:${port}`, ...options.env },
    logFile: join(options.folder, `master-${port}.log`),
    cwd: options.folder,
  });
  await waitFor("HAProxy to accept connections", async () => {
    (await openConnection(port)).close();
    return true;
  });
  const children = `/proc/${program.pid}/task/${program.pid}/children`;
  const count = (words: string) => program.output().split(words).length - 1;
  await waitFor("the first worker", () => count("Loading success") > 0);
  return {
    port,
    program,
    reload: async () => {
      const asked = count("Reloading HAProxy");
      const loaded = count("Loading success");
      // A master that has only just started its worker does not hear the signal yet.
      await waitFor("the master to take the signal", async () => {
        program.signal("SIGUSR2");
        await Bun.sleep(200);
        return count("Reloading HAProxy") > asked;
      });
      await waitFor("the new worker", () => count("Loading success") > loaded);
    },
    workers: () =>
      readFileSync(children, "latin1")
        .split(" ")
        .map(Number)
        .filter((pid) => pid > 0),
  };
}
