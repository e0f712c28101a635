/** A second token-server in a HAProxy's configuration, beside the one that every shipped file has. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTempFolder } from "./temp-folder.ts";

/** Writes a backend with a server on a port of 127.0.0.1; returns the file for the command line. */
export function writeSecondBackend(stack: AsyncDisposableStack, port: number): string {
  const path = join(createTempFolder(stack), "second.cfg");
  writeFileSync(path, `backend jwt-token-server-2\n  server s2 127.0.0.1:${port}\n`);
  return path;
}
