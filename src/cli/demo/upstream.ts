/** The application of the demonstration: it says which headers it was given. */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AppError } from "../../core/app-error.ts";

/** A listening upstream. */
export interface Upstream {
  readonly port: number;
  /** In the `x-upstream` header of each answer, and of no other upstream's. */
  readonly mark: string;
  readonly stop: () => void;
}

/**
 * Starts it on 127.0.0.1; 0 takes a free port. Each answer is the request line and its header fields, a line each,
 * in the bytes they came in.
 */
export async function startUpstream(port: number): Promise<Upstream> {
  const mark = randomUUID();
  const server = createServer((request, response) => {
    const lines = [`${request.method} ${request.url}`];
    for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
      lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
    }
    response.setHeader("x-upstream", mark);
    response.setHeader("content-type", "text/plain; charset=utf-8");
    response.end(Buffer.from(`${lines.join("\n")}\n`, "latin1"));
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, "127.0.0.1", resolve);
  await promise;
  return {
    port: portOf(server.address()),
    mark,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Finds a port of 127.0.0.1 that is free now. */
export async function findFreePort(): Promise<number> {
  const upstream = await startUpstream(0);
  upstream.stop();
  return upstream.port;
}

/** @throws AppError unavailable where somebody has the port, also one that would share it (SO_REUSEPORT) */
export async function checkPort(port: number, flag: string): Promise<void> {
  try {
    const upstream = await startUpstream(port);
    upstream.stop();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const why = code === "EADDRINUSE" ? "another program has it" : `it cannot be had (${code})`;
    throw new AppError("unavailable", `Port ${port} is no good, ${why}: name one with ${flag}`, {
      cause,
    });
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new TypeError("not a TCP server");
  return address.port;
}
