/** TCP ports for programs that must be told theirs before they start. */
import { createServer } from "node:net";

// Below Linux' ephemeral range: no outgoing connection takes the port between
// the look and the start of the program that it is meant for.
const FIRST = 12_000;
const LAST = 32_000;

/** Finds a port of 127.0.0.1 that nobody listens on. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once("error", () => resolve(false));
  server.listen({ port, host: "127.0.0.1" }, () => {
    server.close(() => resolve(true));
  });
  return promise;
}
