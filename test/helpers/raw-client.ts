/** An HTTP/1 client that sends whatever bytes it is given, and can leave halfway. */
import { connect, type Socket } from "node:net";
import { type HttpMessage, takeMessage } from "./http-message.ts";
import { within } from "./wait-for.ts";

/** A response, or undefined when the connection ended without a whole one. */
export type RawResponse = HttpMessage | undefined;

/** One connection; requests on it go one after the other. */
export interface RawConnection {
  readonly write: (bytes: Buffer | string) => void;
  /** Waits for the next whole response; undefined when the peer closed first. */
  readonly response: (timeoutMs?: number) => Promise<RawResponse>;
  /** Sends FIN and goes on reading. */
  readonly halfClose: () => void;
  /** Sends RST. */
  readonly reset: () => void;
  readonly close: () => void;
  readonly isClosed: () => boolean;
}

/** Connects to a port of 127.0.0.1; strings are sent as latin1. */
export async function openConnection(port: number): Promise<RawConnection> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.setNoDelay(true);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("connect", resolve);
  socket.once("error", reject);
  await within(`a connection to port ${port}`, promise, 5000);
  return toConnection(socket);
}

function toConnection(socket: Socket): RawConnection {
  let buffer = Buffer.alloc(0);
  let isEnded = false;
  let wake: (() => void) | undefined;
  socket.on("data", (data: Buffer) => {
    buffer = Buffer.concat([buffer, data]);
    wake?.();
  });
  const end = () => {
    isEnded = true;
    wake?.();
  };
  socket.on("end", end);
  socket.on("error", end);
  socket.on("close", end);

  const next = async (): Promise<RawResponse> => {
    for (;;) {
      const taken = takeMessage(buffer, "response", isEnded);
      if (taken !== undefined) {
        buffer = Buffer.from(taken.rest);
        // An interim answer (100 Continue) is not the answer.
        if (!taken.message.startLine.startsWith("HTTP/1.1 100")) return taken.message;
      } else if (isEnded) {
        return undefined;
      } else {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await promise;
      }
    }
  };
  return {
    write: (bytes) => {
      socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
    },
    response: (timeoutMs = 10_000) => within("a response", next(), timeoutMs),
    halfClose: () => socket.end(),
    reset: () => socket.resetAndDestroy(),
    close: () => socket.destroy(),
    isClosed: () => isEnded,
  };
}

/** Sends bytes on a connection of their own and returns the first response. */
export async function exchange(
  port: number,
  bytes: Buffer | string,
  options: { readonly halfClose?: boolean; readonly timeoutMs?: number } = {},
): Promise<RawResponse> {
  const connection = await openConnection(port);
  try {
    connection.write(bytes);
    if (options.halfClose === true) connection.halfClose();
    return await connection.response(options.timeoutMs);
  } finally {
    connection.close();
  }
}

/** The status code of a response; 0 where there was none. */
export function statusOf(response: RawResponse): number {
  return Number(response?.startLine.split(" ")[1] ?? 0);
}

/** A GET request's bytes from lines of header; `host` and the empty line are added. */
export function toRequest(lines: readonly string[] = [], target = "/"): string {
  return [`GET ${target} HTTP/1.1`, "host: app.test", ...lines, "", ""].join("\r\n");
}
