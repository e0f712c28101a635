/** A web server that plays an issuer's key endpoint, well- or ill-behaved, and counts who fetches what. */
import { createServer, type Server, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { type HttpMessage, takeMessage } from "./http-message.ts";
import { listen } from "./raw-upstream.ts";

/** How a fetch is answered. */
export type KeyAnswer =
  /** A whole response, then the connection closes. */
  | { readonly kind: "bytes"; readonly bytes: Buffer; readonly delayMs?: number }
  /** The request is read and nothing is ever said. */
  | { readonly kind: "silence" }
  /** The bytes come in pieces of `size`, one every `everyMs`. */
  | {
      readonly kind: "drip";
      readonly bytes: Buffer;
      readonly size: number;
      readonly everyMs: number;
    };

/** A listening key source. */
export interface KeySource {
  readonly port: number;
  /** The address of a path on it. */
  readonly url: (path?: string) => string;
  /** The paths asked for, in order. */
  readonly fetches: string[];
  /** Whole requests, for what they carry. */
  readonly requests: HttpMessage[];
  /** Answers one path; `/keys.json` when none is named. */
  readonly answer: (answer: KeyAnswer, path?: string) => void;
  /** Refuses connections, until `up`. */
  readonly down: () => Promise<void>;
  readonly up: () => Promise<void>;
}

/** Starts a key source that answers 404 to what it was not told about; it stops when `stack` is disposed. */
export async function startKeySource(stack: AsyncDisposableStack): Promise<KeySource> {
  const fetches: string[] = [];
  const requests: HttpMessage[] = [];
  const answers = new Map<string, KeyAnswer>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let pending = Buffer.alloc(0);
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.on("data", (data: Buffer) => {
      pending = Buffer.concat([pending, data]);
      const taken = takeMessage(pending, "request");
      if (taken === undefined) return;
      pending = Buffer.from(taken.rest);
      const path = taken.message.startLine.split(" ")[1] ?? "";
      fetches.push(path);
      requests.push(taken.message);
      give(socket, answers.get(path) ?? toAnswer("not here", { status: "404 Not Found" }));
    });
  });
  const port = await listen(server, 0);
  const down = async () => {
    for (const socket of sockets) socket.destroy();
    await stopListening(server);
  };
  stack.defer(down);
  return {
    port,
    url: (path = "/keys.json") => `http://127.0.0.1:${port}${path}`,
    fetches,
    requests,
    answer: (answer, path = "/keys.json") => {
      answers.set(path, answer);
    },
    down,
    up: async () => {
      await listen(server, port);
    },
  };
}

/** A response with a body: JSON of a value, or a string or bytes as they are. */
export function toAnswer(
  body: unknown,
  options: { readonly status?: string; readonly headers?: readonly string[] } = {},
): KeyAnswer {
  const content = toContent(body);
  const head = [
    `HTTP/1.1 ${options.status ?? "200 OK"}`,
    "content-type: application/json",
    `content-length: ${content.length}`,
    "connection: close",
    ...(options.headers ?? []),
  ].join("\r\n");
  return { kind: "bytes", bytes: Buffer.concat([Buffer.from(`${head}\r\n\r\n`), content]) };
}

/** A response that stops halfway: the length says more than comes. */
export function toHalfAnswer(body: unknown): KeyAnswer {
  const whole = toAnswer(body);
  if (whole.kind !== "bytes") return whole;
  return { kind: "bytes", bytes: whole.bytes.subarray(0, whole.bytes.length - 20) };
}

/** Few bytes that unpack to very many: spaces around a good key set, gzip-coded. */
export function toGzipBomb(body: unknown, unpackedBytes: number): KeyAnswer {
  const padded = Buffer.concat([toContent(body), Buffer.alloc(unpackedBytes, 0x20)]);
  return toAnswer(gzipSync(padded, { level: 1 }), { headers: ["content-encoding: gzip"] });
}

/** Sends the fetcher elsewhere. */
export function toRedirect(url: string): KeyAnswer {
  return toAnswer("", { status: "302 Found", headers: [`location: ${url}`] });
}

function toContent(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

function give(socket: Socket, answer: KeyAnswer): void {
  if (answer.kind === "silence") return;
  if (answer.kind === "bytes") {
    setTimeout(() => socket.end(answer.bytes), answer.delayMs ?? 0);
    return;
  }
  let at = 0;
  const timer = setInterval(() => {
    if (at >= answer.bytes.length || socket.destroyed) {
      clearInterval(timer);
      socket.end();
      return;
    }
    socket.write(answer.bytes.subarray(at, at + answer.size));
    at += answer.size;
  }, answer.everyMs);
}

async function stopListening(server: Server): Promise<void> {
  if (!server.listening) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await promise;
}
