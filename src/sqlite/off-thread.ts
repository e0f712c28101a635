/** Runs what keeps SQLite busy for longer than a judgement may wait (copy, check, checkpoint) in a thread of its own. */
import { AppError } from "../core/app-error.ts";
import source from "./off-thread.worker.txt" with { type: "text" };
import { reasonOf } from "./sqlite-error.ts";

type Task =
  | { readonly task: "copy"; readonly from: string; readonly to: string }
  | { readonly task: "check" | "checkpoint"; readonly file: string };

/** What a check of a database file has found. */
export interface Checked {
  /** SQLite's own words; none for a sound file. */
  readonly problems: readonly string[];
  readonly schema: number;
}

/** A thread for such work, one task at a time. */
export interface OffThread {
  /** @throws AppError unavailable */
  run(task: Task): Promise<Checked>;
  close(): void;
}

/** Starts a thread; it keeps no process from ending. */
export function createOffThread(): OffThread {
  const url = URL.createObjectURL(new Blob([source], { type: "application/javascript" }));
  const worker = new Worker(url, { ref: false });
  let pending = Promise.withResolvers<Checked>();
  worker.addEventListener("message", ({ data }) => {
    const answer = parseAnswer(data);
    if (answer instanceof AppError) pending.reject(answer);
    else pending.resolve(answer);
  });
  worker.addEventListener("error", ({ message }) => {
    pending.reject(new AppError("unavailable", "the work could not be done", { cause: message }));
  });
  return {
    run: (task) => {
      pending = Promise.withResolvers();
      worker.postMessage(task, []);
      return pending.promise;
    },
    close: () => {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}

/** Runs one task in a thread of its own. @throws AppError unavailable */
export async function runOffThread(task: Task): Promise<Checked> {
  const thread = createOffThread();
  try {
    return await thread.run(task);
  } finally {
    thread.close();
  }
}

interface Answer {
  readonly done?: Checked;
  readonly failed?: { readonly message: string; readonly errno: number };
}

function parseAnswer(data: unknown): Checked | AppError {
  const { done, failed } = data as Answer;
  if (done !== undefined) return done;
  return new AppError("unavailable", reasonOf(failed?.errno ?? 0), { cause: failed?.message });
}
