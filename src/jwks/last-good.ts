/** Keeps each source's last good text on disk, so that a restart during the issuer's outage changes nothing. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface LastGood {
  readonly text: string;
  /** Unix seconds of the moment the source last said so. */
  readonly fetchedAtSeconds: number;
}

/** Files named by the hash of the source's name, 0600 in a 0700 folder: they may hold secrets. */
export interface LastGoodStore {
  read(source: string): Promise<LastGood | undefined>;
  write(source: string, good: LastGood): Promise<void>;
}

export function createLastGoodStore(folder: string): LastGoodStore {
  const pathOf = (source: string) =>
    join(folder, `${createHash("sha256").update(source).digest("hex")}.json`);
  return {
    async read(source) {
      const text = await readFile(pathOf(source), "utf8").catch(() => undefined);
      return text === undefined ? undefined : parseLastGood(text, source);
    },
    async write(source, good) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = pathOf(source);
      // Two sources may have one name, and a reload has two of each for a moment.
      const draft = `${path}.${randomUUID()}.new`;
      try {
        await writeFile(draft, JSON.stringify({ source, ...good }), { mode: 0o600, flush: true });
        await rename(draft, path);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
  };
}

function parseLastGood(text: string, source: string): LastGood | undefined {
  try {
    const value = JSON.parse(text) as Partial<LastGood & { source: string }>;
    if (value.source !== source || typeof value.text !== "string") return undefined;
    if (!Number.isFinite(value.fetchedAtSeconds)) return undefined;
    return { text: value.text, fetchedAtSeconds: Number(value.fetchedAtSeconds) };
  } catch {
    return undefined;
  }
}
