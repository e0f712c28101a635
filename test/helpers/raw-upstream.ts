/** The application behind HAProxy: a socket that keeps each request's exact bytes and, unless told otherwise, answers with them. */
import { createServer, type Server, type Socket } from "node:net";
import { type HttpMessage, takeMessage } from "./http-message.ts";

/** What answers a request; the bytes of a whole HTTP response. */
export type Respond = (request: HttpMessage) => Buffer;

/** A listening upstream. */
export interface RawUpstream {
  readonly port: number;
  /** Complete requests in the order they came. */
  readonly requests: HttpMessage[];
  /** Everything received, complete requests or not: what a canary scan has to read. */
  readonly received: () => Buffer;
  /** Forgets what was received. */
  readonly clear: () => void;
  /** Replaces the answer. */
  readonly respondWith: (respond: Respond) => void;
}

/** Starts an upstream that stops when `stack` is disposed; by default it echoes the request's bytes as its body. */
export async function startRawUpstream(
  stack: AsyncDisposableStack,
  options: { readonly port?: number } = {},
): Promise<RawUpstream> {
  const requests: HttpMessage[] = [];
  const sockets = new Set<Socket>();
  let chunks: Buffer[] = [];
  let respond: Respond = toEcho;
  const server = createServer((socket) => {
    sockets.add(socket);
    let pending = Buffer.alloc(0);
    socket.on("data", (data: Buffer) => {
      chunks.push(data);
      pending = Buffer.concat([pending, data]);
      for (let next = takeMessage(pending, "request"); next !== undefined;) {
        requests.push(next.message);
        socket.write(respond(next.message));
        pending = Buffer.from(next.rest);
        next = takeMessage(pending, "request");
      }
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  });
  const port = await listen(server, options.port ?? 0);
  stack.defer(async () => {
    for (const socket of sockets) socket.destroy();
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    await promise;
  });
  return {
    port,
    requests,
    received: () => Buffer.concat(chunks),
    clear: () => {
      requests.length = 0;
      chunks = [];
    },
    respondWith: (next) => {
      respond = next;
    },
  };
}

/** Answers with the request's own bytes. */
function toEcho(request: HttpMessage): Buffer {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: message/http\r\ncontent-length: ${request.bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), request.bytes]);
}

/** Listens on 127.0.0.1 and returns the port; 0 takes any. */
export async function listen(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ port, host: "127.0.0.1" }, () => resolve());
  await promise;
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new TypeError("not listening on TCP");
  }
  return address.port;
}
