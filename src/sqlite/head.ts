/**
 * Remembers beside the database how far its history had come. SQLite takes a damaged log for one that
 * ends before the damage and says nothing: acknowledged rules would be gone, and their tokens valid.
 */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../core/app-error.ts";

const HEAD_FILE = "haproxy-jwt.head";
/** Always written whole, over the same bytes: a full disk has no say in it. */
const RECORD_BYTES = 64;

/** Where the history of an open store is noted. */
export interface Head {
  /** To be called after each commit with the journal's newest number. */
  note(seq: number): void;
  close(): void;
}

/**
 * Holds an opened store against what was noted of it, and goes on noting. It is never ahead of the
 * disk: what is noted has been committed before, and a power failure can only take notes away.
 *
 * @throws AppError unavailable for a store that has lost changes, or is another one
 */
export function openHead(directory: string, epoch: string, seq: number): Head {
  const path = join(directory, HEAD_FILE);
  const noted = readHead(path);
  if (noted !== undefined && (noted.epoch !== epoch || noted.seq > seq)) {
    throw new AppError(
      "unavailable",
      `the store has lost changes that were confirmed (it had come to ${noted.seq}, now ends at ${seq}); ` +
        `restore a backup, or remove ${path} to go on without them`,
    );
  }
  const file = openFile(path);
  const note = (newest: number): void => {
    try {
      writeSync(file, toRecord(epoch, newest), 0, RECORD_BYTES, 0);
    } catch {
      // The change itself is on disk; an older note is still a right one.
    }
  };
  note(seq);
  return { note, close: () => closeSync(file) };
}

/** Forgets what was noted: another history takes this one's place. */
export function forgetHead(directory: string): void {
  rmSync(join(directory, HEAD_FILE), { force: true });
}

function openFile(path: string): number {
  try {
    return openSync(path, "r+");
  } catch {
    return openSync(path, "w+", 0o600);
  }
}

function toRecord(epoch: string, seq: number): Buffer {
  const text = `${epoch} ${seq}`;
  const sum = Bun.hash.crc32(text).toString(16).padStart(8, "0");
  return Buffer.from(`${text} ${sum}`.padEnd(RECORD_BYTES - 1).concat("\n"));
}

/** What was noted; undefined where nothing was, or what was noted is itself damaged. */
function readHead(path: string): { readonly epoch: string; readonly seq: number } | undefined {
  let text: string;
  try {
    text = readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
  const match = /^(\S+) (\d{1,15}) ([\da-f]{8}) *\n$/.exec(text);
  const [, epoch = "", seq = "", sum = ""] = match ?? [];
  if (Bun.hash.crc32(`${epoch} ${seq}`).toString(16).padStart(8, "0") !== sum) return undefined;
  return { epoch, seq: Number(seq) };
}
