/** Finds the figures that `/metrics` shows of the process and the data folder: asks the kernel, counts nothing itself. */
import { readdirSync, readFileSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { AccountStore } from "../core/revocation/accounts.ts";
import type { ListenerName } from "./traffic.ts";

/** The database's files by the words that the metric has for them. */
const DATABASE_FILES = [
  ["db", "haproxy-jwt.db"],
  ["wal", "haproxy-jwt.db-wal"],
] as const;

/** The sizes of the database's files that are there. */
export function databaseBytes(
  dataDir: string,
): readonly { readonly file: string; readonly bytes: number }[] {
  return DATABASE_FILES.flatMap(([file, name]) => {
    const stats = statSync(join(dataDir, name), { throwIfNoEntry: false });
    return stats === undefined ? [] : [{ file, bytes: stats.size }];
  });
}

/** What the folder's file system still takes from this user. */
export function freeBytes(dataDir: string): number {
  const { bavail, bsize } = statfsSync(dataDir);
  return bavail * bsize;
}

/** Live sessions of all people. */
export async function countSessions(
  accounts: AccountStore,
  limits: { readonly idleSeconds: number; readonly absoluteSeconds: number },
): Promise<number> {
  const people = await accounts.listPeople();
  const lists = await Promise.all(people.map(({ name }) => accounts.listSessions(name, limits)));
  return lists.reduce((sum, list) => sum + list.length, 0);
}

export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

export function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

/** The soft limit (proc(5), limits); not a number where it has none. */
export function maxDescriptors(): number {
  const line = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
  return Number(line?.[1]);
}

/** Watches how late a timer comes: that long everything else had to wait as well. */
export function watchLoopDelay(everyMs: number, monotonicMs: () => number) {
  let longestMs = 0;
  let dueMs = monotonicMs() + everyMs;
  const timer = setInterval(() => {
    const now = monotonicMs();
    longestMs = Math.max(longestMs, now - dueMs);
    dueMs = now + everyMs;
  }, everyMs);
  timer.unref();
  return {
    /** The longest delay since the last call, in seconds. */
    take: (): number => {
      const seconds = longestMs / 1000;
      longestMs = 0;
      return seconds;
    },
    stop: (): void => clearInterval(timer),
  };
}

/** Counts answers by listener and class of status. */
export function countAnswers() {
  const counts = new Map<ListenerName, number[]>();
  return {
    note: (listener: ListenerName, status: number): void => {
      const known = counts.get(listener);
      const classes = known ?? [0, 0, 0, 0, 0, 0];
      if (known === undefined) counts.set(listener, classes);
      const at = Math.min(5, Math.floor(status / 100));
      classes[at] = (classes[at] ?? 0) + 1;
    },
    *list() {
      for (const [listener, classes] of counts) {
        for (const [at, count] of classes.entries()) {
          if (count > 0) yield { listener, status: `${at}xx`, count };
        }
      }
    },
  };
}
