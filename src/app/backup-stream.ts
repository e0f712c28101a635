/** Hands a copy of the store out as a stream: its file has no name any more, and goes with its last reader. */
import { closeSync, createReadStream, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Actor } from "../core/revocation/store.ts";
import type { Store } from "../sqlite/open-store.ts";

/**
 * @param name the file that it is for, as the audit calls it
 * @throws AppError unavailable when the copy cannot be made
 */
export async function streamBackup(
  store: Store,
  dataDir: string,
  actor: Actor,
  name: string,
): Promise<{ readonly stream: ReadableStream<Uint8Array>; readonly bytes: number }> {
  const path = join(dataDir, `backup-${crypto.randomUUID()}.db`);
  try {
    const { bytes } = await store.backUp(path, actor, name);
    const file = openSync(path, "r");
    try {
      const source = createReadStream(path, { fd: file, autoClose: true });
      return { stream: parseStream(Readable.toWeb(source)), bytes };
    } catch (error) {
      closeSync(file);
      throw error;
    }
  } finally {
    rmSync(path, { force: true });
  }
}

/** The stream of node's is the platform's by another name. */
function parseStream(stream: unknown): ReadableStream<Uint8Array> {
  return stream as ReadableStream<Uint8Array>;
}
