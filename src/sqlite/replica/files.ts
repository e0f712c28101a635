/** The files of a node's replicas: numbered, the newest one in use, unfinished ones apart. */
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const NAME = /^replica-(\d{1,9})\.db$/;
const ANY = /^replica-\d{1,9}\.(?:db|partial)/;

/** The newest replica that was finished; undefined where there is none. */
export function findReplica(directory: string): string | undefined {
  const newest = Math.max(0, ...numbersOf(directory));
  return newest === 0 ? undefined : pathOf(directory, newest);
}

/** A name for the next one, while it is being built. */
export function nextPartial(directory: string): string {
  return join(directory, `replica-${Math.max(0, ...numbersOf(directory)) + 1}.partial`);
}

/** Makes a built replica, closed and whole in one file, the newest. @returns its path from now on */
export function finishPartial(directory: string, partial: string): string {
  const finished = partial.replace(/\.partial$/, ".db");
  sync(partial);
  renameSync(partial, finished);
  sync(directory);
  return finished;
}

/** Removes all but one; with undefined, all. */
export function removeOthers(directory: string, kept: string | undefined): void {
  for (const name of readdirSync(directory)) {
    const isKept = kept !== undefined && join(directory, name).startsWith(kept);
    if (ANY.test(name) && !isKept) rmSync(join(directory, name), { force: true });
  }
}

function numbersOf(directory: string): readonly number[] {
  return readdirSync(directory).flatMap((name) => {
    const number = NAME.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

function pathOf(directory: string, number: number): string {
  return join(directory, `replica-${number}.db`);
}

function sync(path: string): void {
  const file = openSync(path, "r");
  fsyncSync(file);
  closeSync(file);
}
