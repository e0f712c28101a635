/** A cable to PostgreSQL that loses the answer to COMMIT, in the ways in which it can get lost. */
import { connect, createServer, type Socket } from "node:net";
import { listen } from "../helpers/raw-upstream.ts";

/**
 * `lose`: COMMIT arrives, its answer does not, the connection ends. `keep`: COMMIT does not even
 * arrive, the connection ends. `hang`: COMMIT arrives, nothing comes back. `mute`: nothing passes at all.
 */
export type Loss = "none" | "lose" | "keep" | "hang" | "mute";

export interface CommitProxy {
  readonly port: number;
  readonly set: (loss: Loss) => void;
}

/** Starts it before a server on 127.0.0.1; it stops when `stack` is disposed. */
export async function startCommitProxy(
  stack: AsyncDisposableStack,
  targetPort: number,
): Promise<CommitProxy> {
  let loss: Loss = "none";
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(targetPort, "127.0.0.1");
    let isDeaf = false;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => sockets.delete(socket));
    }
    near.on("data", (data: Buffer) => {
      if (loss === "mute") return;
      const isCommit = loss !== "none" && data.includes("COMMIT");
      if (isCommit && loss === "keep") {
        near.destroy();
        return;
      }
      if (isCommit) isDeaf = true;
      far.write(data);
    });
    far.on("data", (data: Buffer) => {
      if (loss === "mute") return;
      if (!isDeaf) near.write(data);
      else if (loss === "lose") near.destroy();
    });
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  const port = await listen(server, 0);
  stack.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port, set: (next) => (loss = next) };
}
