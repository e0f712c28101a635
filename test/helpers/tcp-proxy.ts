/** A cable between HAProxy and the token-server that can be cut, slowed, blocked or made to lie. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { takeMessage } from "./http-message.ts";
import { listen } from "./raw-upstream.ts";

/** What the cable does with the bytes that pass. */
export type ProxyMode =
  | { readonly kind: "pass" }
  /** Connections are refused. */
  | { readonly kind: "refuse" }
  /** Connections are accepted and nothing comes through. */
  | { readonly kind: "block" }
  /** Answers are held back. */
  | { readonly kind: "slow"; readonly delayMs: number }
  /** The connection ends after so many bytes of an answer. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** Another answers in the server's place, then closes. */
  | { readonly kind: "lie"; readonly answer: Buffer };

/** A listening proxy. */
export interface TcpProxy {
  readonly port: number;
  readonly set: (mode: ProxyMode) => Promise<void>;
  /** How many questions about a token have come by: each is a POST in a packet of its own. */
  readonly questions: () => number;
  /** The same for each token. */
  readonly asked: () => ReadonlyMap<string, number>;
  /** Forgets the tokens. */
  readonly clear: () => void;
}

/** Starts a proxy to a port of 127.0.0.1; it stops when `stack` is disposed. */
export async function startTcpProxy(
  stack: AsyncDisposableStack,
  targetPort: number,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let mode: ProxyMode = { kind: "pass" };
  const asked = new Map<string, number>();
  let questions = 0;
  const count = (data: Buffer) => {
    if (!data.includes("POST / HTTP/1.1")) return;
    const token = data.toString("latin1").split("\r\n\r\n")[1] ?? "";
    asked.set(token, (asked.get(token) ?? 0) + 1);
    questions += 1;
  };
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  };
  const server = createServer((near) => {
    const far = connect({ port: targetPort, host: "127.0.0.1" });
    track(near);
    track(far);
    near.on("data", count);
    join(near, far, () => mode);
  });
  const port = await listen(server, 0);
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  stack.defer(async () => {
    drop();
    await close(server);
  });
  return {
    port,
    questions: () => questions,
    asked: () => asked,
    clear: () => asked.clear(),
    set: async (next) => {
      const wasRefusing = mode.kind === "refuse";
      mode = next;
      if (next.kind === "refuse" && !wasRefusing) {
        drop();
        await close(server);
      } else if (next.kind !== "refuse" && wasRefusing) {
        await listen(server, port);
      }
    },
  };
}

function join(near: Socket, far: Socket, mode: () => ProxyMode): void {
  let asked = Buffer.alloc(0);
  let answered = 0;
  near.on("data", (data: Buffer) => {
    const now = mode();
    if (now.kind === "block") return;
    if (now.kind !== "lie") {
      far.write(data);
      return;
    }
    asked = Buffer.concat([asked, data]);
    if (takeMessage(asked, "request") !== undefined) near.end(now.answer);
  });
  far.on("data", (data: Buffer) => {
    const now = mode();
    if (now.kind === "block" || now.kind === "lie") return;
    if (now.kind === "slow") {
      setTimeout(() => near.write(data), now.delayMs);
    } else if (now.kind === "cut") {
      const room = Math.max(0, now.afterBytes - answered);
      answered += data.length;
      if (data.length <= room) near.write(data);
      else near.end(data.subarray(0, room));
    } else {
      near.write(data);
    }
  });
  near.on("close", () => far.destroy());
  far.on("close", () => {
    if (mode().kind === "pass") near.destroy();
  });
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await promise;
}
