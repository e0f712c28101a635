/**
 * Moves the write-ahead log into the database from a thread of its own: done by a commit, as SQLite does by
 * itself, it would hold up every judgement for as long as the disk takes.
 */
import type { Connection } from "./connection.ts";
import { createOffThread, type OffThread } from "./off-thread.ts";

export interface CheckpointTimes {
  /** Pages that gather before they are moved. */
  readonly gatherPages: number;
  /** A log of so many pages is emptied before more is written: only an empty one is begun anew. */
  readonly mostPages: number;
  /** How long an attempt to empty it, which a reader can prevent, is not repeated. */
  readonly retryMs: number;
}

const DEFAULTS: CheckpointTimes = { gatherPages: 1000, mostPages: 8000, retryMs: 2000 };

/** Should the thread fail unnoticed, SQLite itself bounds the log, at a wait's price. */
const BACKSTOP_PAGES = 65_536;
const SQLITES_OWN_PAGES = 1000;

/** A disk that takes longer makes a write wait by itself. */
const PATIENCE_MS = 5000;

interface LogState {
  readonly log: number;
  readonly checkpointed: number;
}

const NOTHING: LogState = { log: 0, checkpointed: 0 };

export interface Checkpointer {
  /** Ends it; settles once nothing of it is under way. To be called before the connection is closed. */
  close(): Promise<void>;
}

/** Takes checkpoints over from a connection. */
export function startCheckpointer(
  connection: Connection,
  path: string,
  times: Partial<CheckpointTimes> = {},
  createThread: () => OffThread = createOffThread,
): Checkpointer {
  const { gatherPages, mostPages, retryMs } = { ...DEFAULTS, ...times };
  const { db } = connection;
  db.run(`PRAGMA wal_autocheckpoint = ${BACKSTOP_PAGES}`);
  // Moves nothing: it only says how long the log is, and how much of it has been moved.
  const look = db.query<LogState, []>("PRAGMA wal_checkpoint(NOOP)");
  const state = (): LogState => {
    try {
      return look.get() ?? NOTHING;
    } catch {
      // Whatever is wrong with the store, the next write will say so.
      return NOTHING;
    }
  };
  let thread: OffThread | undefined;
  let running: Promise<void> | undefined;
  let emptying: Promise<void> | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let isOver = false;

  const run = async (): Promise<void> => {
    try {
      thread ??= createThread();
      await thread.run({ task: "checkpoint", file: path });
    } catch {
      // SQLite's own way again: slower, but the log must not grow for ever.
      isOver = true;
      connection.pace(undefined);
      db.run(`PRAGMA wal_autocheckpoint = ${SQLITES_OWN_PAGES}`);
    }
  };
  const move = (): Promise<void> => {
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  };
  const empty = async (): Promise<void> => {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, PATIENCE_MS);
    // The one under way began before the last pages were written.
    const both = (running ?? Promise.resolve()).then(() => (isOver ? undefined : move()));
    await Promise.race([both, late.promise]);
    clearTimeout(timer);
    triedAt = performance.now();
  };

  connection.pace({
    room: () => {
      if (emptying !== undefined) return emptying;
      if (performance.now() - triedAt < retryMs) return undefined;
      if (state().log < mostPages) return undefined;
      emptying = empty().finally(() => {
        emptying = undefined;
      });
      return emptying;
    },
    wrote: () => {
      if (running !== undefined) return;
      const { log, checkpointed } = state();
      // It was begun anew: the attempt did what it was for.
      if (log < mostPages) triedAt = Number.NEGATIVE_INFINITY;
      if (log - checkpointed >= gatherPages) void move();
    },
  });
  return {
    close: async () => {
      connection.pace(undefined);
      await running;
      isOver = true;
      thread?.close();
    },
  };
}
