/** Writes a file that is there whole or not at all. */
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError } from "../core/app-error.ts";

export interface WholeFile {
  /** Writes all of a stream. @returns the bytes written */
  write(stream: ReadableStream<Uint8Array>): Promise<number>;
  /** Puts it, synced, in the place of what was there. */
  commit(): Promise<void>;
  /** Leaves what was there. Also safe after `commit`. */
  discard(): Promise<void>;
}

/** Begins a file, 0600. @throws AppError unavailable when there cannot be one */
export async function createWholeFile(path: string): Promise<WholeFile> {
  const partial = `${path}.partial-${process.pid}`;
  const handle = await open(partial, "wx", 0o600).catch((cause: unknown) => {
    throw new AppError("unavailable", `${path} cannot be written`, { cause });
  });
  let isOpen = true;
  return {
    async write(stream) {
      let bytes = 0;
      for await (const piece of stream) {
        await handle.write(piece);
        bytes += piece.byteLength;
      }
      return bytes;
    },
    async commit() {
      await handle.sync();
      await handle.close();
      await rename(partial, path).catch((cause: unknown) => {
        throw new AppError("unavailable", `${path} cannot be replaced`, { cause });
      });
      isOpen = false;
      await syncFolder(dirname(path));
    },
    async discard() {
      if (!isOpen) return;
      await handle.close().catch(() => undefined);
      await rm(partial, { force: true });
    },
  };
}

/** A rename is on disk once its folder is. */
async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle | undefined;
  try {
    folder = await open(path, "r");
    await folder.sync();
  } finally {
    await folder?.close();
  }
}
