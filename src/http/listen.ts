/** Opens and closes listeners: the only place that calls Bun.serve. */
import { chmodSync, rmSync, statSync } from "node:fs";
import type { Arrival } from "./token-server/app.ts";

export type Address =
  | {
      readonly kind: "tcp";
      readonly host: string;
      readonly port: number;
      /** Lets other threads listen on the same port; the kernel spreads connections over them. */
      readonly isShared?: boolean;
    }
  | { readonly kind: "unix"; readonly path: string; readonly mode: number };

export interface ListenOptions {
  readonly handle: (
    request: Request,
    arrival: () => Arrival,
    server: Bun.Server<undefined>,
  ) => Response | Promise<Response>;
  /** Larger bodies are answered with 413 before they are read. */
  readonly maxBodyBytes: number;
  /** Seconds without a byte before a connection is closed. */
  readonly idleTimeoutSeconds: number;
  readonly onFailure: (error: unknown) => void;
}

export interface Listener {
  /** The port that was bound; undefined for a unix socket. */
  readonly port: number | undefined;
  /** Stops accepting, ends idle connections, and waits for those at work, but not for ever. */
  close(): Promise<void>;
}

/** Whoever is still being answered after this long is cut off: a stop must come to its end. */
const DRAIN_MS = 5000;

/** Opens one listener. @throws Error with `code` EADDRINUSE, EACCES … */
export function listen(address: Address, options: ListenOptions): Listener {
  if (address.kind === "unix") removeStaleSocket(address.path);
  const isUnix = address.kind === "unix";
  const shared = {
    maxRequestBodySize: options.maxBodyBytes,
    development: false,
    fetch: (request: Request, server: Bun.Server<undefined>) =>
      options.handle(
        withWholeUrl(request),
        () => (isUnix ? "unix" : arrivalOf(server.requestIP(request)?.address)),
        server,
      ),
    error: (error: Error) => {
      options.onFailure(error);
      return new Response(null, { status: 500 });
    },
  } as const;
  const { idleTimeoutSeconds: idleTimeout } = options;
  const server = isUnix
    ? Bun.serve({ ...shared, unix: address.path })
    : Bun.serve({
        ...shared,
        hostname: address.host,
        port: address.port,
        reusePort: address.isShared === true,
        idleTimeout,
      });
  if (isUnix) chmodSync(address.path, address.mode);
  return {
    port: server.port,
    close: async () => {
      const ended = server.stop(false);
      const late = setTimeout(() => void server.stop(true), DRAIN_MS);
      await ended;
      clearTimeout(late);
      if (isUnix) rmSync(address.path, { force: true });
    },
  };
}

/** Bun makes a URL of the Host field; without a usable one it hands over a path, which no router can parse. */
function withWholeUrl(request: Request): Request {
  if (!request.url.startsWith("/")) return request;
  return new Request(`http://localhost${request.url}`, request);
}

function arrivalOf(peer: string | undefined): Arrival {
  const address = peer?.replace(/^::ffff:/, "");
  return address === "::1" || address?.startsWith("127.") === true ? "loopback" : "network";
}

/** A socket file outlives the process that made it; anything else in its place is not ours to remove. */
function removeStaleSocket(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
}
