/** Runs what keeps SQLite busy for seconds (copy, check) in a thread of its own. */
import { AppError } from "../core/app-error.ts";
import source from "./off-thread.worker.txt" with { type: "text" };
import { reasonOf } from "./sqlite-error.ts";

type Task =
  | { readonly task: "copy"; readonly from: string; readonly to: string }
  | { readonly task: "check"; readonly file: string };

/** What a check of a database file has found. */
export interface Checked {
  /** SQLite's own words; none for a sound file. */
  readonly problems: readonly string[];
  readonly schema: number;
}

/** @throws AppError unavailable */
export async function runOffThread(task: Task): Promise<Checked> {
  const url = URL.createObjectURL(new Blob([source], { type: "application/javascript" }));
  const worker = new Worker(url);
  try {
    return await new Promise<Checked>((resolve, reject) => {
      worker.addEventListener("message", ({ data }) => {
        const answer = parseAnswer(data);
        if (answer instanceof AppError) reject(answer);
        else resolve(answer);
      });
      worker.addEventListener("error", ({ message }) => {
        reject(new AppError("unavailable", "the work could not be done", { cause: message }));
      });
      worker.postMessage(task, []);
    });
  } finally {
    worker.terminate();
    URL.revokeObjectURL(url);
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
