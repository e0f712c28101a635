/** Listens for keyspace notifications on every server of a Redis, and notes when one was not heard. */
import type { Redis } from "ioredis";

export interface ListenersOptions {
  /** A connection to each server there is now, none of them connected. */
  readonly create: () => readonly Redis[];
  /** What to subscribe to. */
  readonly pattern: string;
  readonly onChannel: (channel: Buffer) => void;
  /** A server is heard again, or for the first time: what it said before was not heard. */
  readonly onAgain: () => void;
}

const FIRST_MS = 5000;

/** One connection to each server; they come back by themselves. */
export class Listeners {
  readonly #options: ListenersOptions;
  readonly #listeners = new Map<string, Redis>();
  /** New ones, until whoever asked for them goes on to read. */
  readonly #awaited = new Set<Redis>();

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  /** Begins to listen to servers that have come, and leaves those that have gone. Waits a little for the new ones. */
  async refresh(): Promise<void> {
    const wanted = new Map(
      this.#options.create().map((listener) => [serverOf(listener), listener]),
    );
    for (const [server, listener] of this.#listeners) {
      if (wanted.has(server)) continue;
      this.#listeners.delete(server);
      listener.disconnect();
    }
    const starting: Promise<unknown>[] = [];
    for (const [server, listener] of wanted) {
      if (this.#listeners.has(server)) continue;
      this.#listeners.set(server, listener);
      this.#awaited.add(listener);
      starting.push(this.#start(listener));
    }
    await Promise.race([Promise.all(starting), after(FIRST_MS)]);
    this.#awaited.clear();
  }

  close(): void {
    for (const listener of this.#listeners.values()) listener.disconnect();
    this.#listeners.clear();
  }

  /** @returns a promise of its being heard */
  #start(listener: Redis): Promise<void> {
    const heard = Promise.withResolvers<void>();
    listener.on("error", () => undefined);
    listener.on("pmessageBuffer", (_: unknown, channel: Buffer) =>
      this.#options.onChannel(channel),
    );
    listener.on("ready", () => {
      listener
        .psubscribe(this.#options.pattern)
        .then(() => {
          // Whoever still waits for it has read nothing yet that could be out of date.
          if (!this.#awaited.has(listener)) this.#options.onAgain();
          return heard.resolve();
        })
        // It went away again: it will be ready again.
        .catch(() => listener.disconnect(true));
    });
    listener.connect().catch(() => undefined);
    return heard.promise;
  }
}

function serverOf({ options }: Redis): string {
  return options.sentinels === undefined || options.sentinels === null
    ? `${options.host ?? ""}:${options.port ?? ""}`
    : (options.name ?? "");
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
