/** The main thread's hold on the judging threads: starts them, tells them of changes, takes in what they count. */
import type { AuthenticToken } from "../../core/token/verdict.ts";
import type { FromWorker, ToWorker, VerdictCount, WorkerGrounds, WorkerStart } from "./messages.ts";
import { fromReportedToken } from "./reported-token.ts";
import { createSharedMemory, SharedWriter } from "./shared-state.ts";

export interface PoolOptions {
  /** Threads beside the main one. */
  readonly threads: number;
  readonly start: Omit<WorkerStart, "kind" | "thread" | "memory" | "addresses">;
  readonly grounds: () => Omit<WorkerGrounds, "kind" | "version">;
  readonly onVerdicts: (verdicts: VerdictCount) => void;
  /** Told of a few of the tokens that were accepted. */
  readonly onSeen: (token: AuthenticToken) => void;
  /** A thread ended by itself: nothing can be said of it any more. */
  readonly onLost: () => void;
}

/** In the executable all code but the entries is in one file, and paths are those of the entries. */
function workerUrl(): URL {
  const isCompiled = import.meta.url.includes("$bunfs");
  const path = isCompiled ? "./app/workers/judge-worker.ts" : "./judge-worker.ts";
  return new URL(path, import.meta.url);
}

export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #memory: SharedArrayBuffer;
  readonly #shared: SharedWriter;
  readonly #workers: Worker[] = [];
  #version = 0;
  #isStopping = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#memory = createSharedMemory(options.threads);
    this.#shared = new SharedWriter(this.#memory);
  }

  /** Starts the threads; settles once each of them listens on these addresses, ports as bound. */
  async start(addresses: WorkerStart["addresses"]): Promise<void> {
    const { threads, start } = this.#options;
    const listening = Array.from({ length: threads }, (_, thread) => {
      const worker = new Worker(workerUrl());
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
        if (data.kind === "listening") resolve();
        else this.#takeIn(data);
      });
      const onEnd = () => {
        reject(new Error("a judging thread did not start"));
        if (!this.#isStopping) this.#options.onLost();
      };
      worker.addEventListener("error", onEnd);
      worker.addEventListener("close", onEnd);
      this.#workers.push(worker);
      this.#post(worker, { ...start, kind: "start", thread, memory: this.#memory, addresses });
      return promise;
    });
    this.groundsChanged();
    await Promise.all(listening);
  }

  /** Makes a change known, before anybody is told that it is in force. */
  changed(seq: number): void {
    this.#shared.setSeq(seq);
  }

  /** Makes other keys or another policy known; until a thread has them it judges nothing. */
  groundsChanged(): void {
    this.#version += 1;
    this.#shared.setVersion(this.#version);
    this.groundsRefreshed();
  }

  /** The same keys, read again: they are good for longer. */
  groundsRefreshed(): void {
    const grounds = this.#options.grounds();
    for (const worker of this.#workers) {
      this.#post(worker, { ...grounds, kind: "grounds", version: this.#version });
    }
  }

  /** Until when verdicts judged before a sequence may be remembered by those without a lease. */
  rememberedUntilMs(seq: number): number {
    return this.#shared.rememberedUntilMs(seq);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(
      this.#workers.map((worker) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        worker.addEventListener("close", () => resolve());
        this.#post(worker, { kind: "stop" });
        return promise;
      }),
    );
  }

  #post(worker: Worker, message: ToWorker): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(message);
  }

  #takeIn(report: Extract<FromWorker, { kind: "report" }>): void {
    for (const verdicts of report.verdicts) this.#options.onVerdicts(verdicts);
    for (const token of report.seen) this.#options.onSeen(fromReportedToken(token));
  }
}
