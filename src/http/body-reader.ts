/** Reads small request bodies, and gives up on those that drip: Bun's own time-outs start anew at each byte. */

/** The body, a character a byte, or the status that answers for it. */
export type BodyText = string | 400 | 408;

export interface BodyReader {
  readonly read: (request: Request) => Promise<BodyText>;
  /** Ends the watch over slow bodies. */
  readonly close: () => void;
}

interface Waiting {
  readonly endsAtMs: number;
  readonly giveUp: () => void;
}

const SWEEP_MS = 250;

/**
 * Makes a reader. One timer watches all bodies under way: a timer for each would cost more than
 * reading does.
 */
export function createBodyReader(timeoutMs: number, monotonicMs: () => number): BodyReader {
  const waiting = new Set<Waiting>();
  const timer = setInterval(() => {
    const now = monotonicMs();
    for (const one of waiting) if (now >= one.endsAtMs) one.giveUp();
  }, SWEEP_MS);
  timer.unref();

  const read = (request: Request): Promise<BodyText> =>
    new Promise((resolve) => {
      const end = (text: BodyText): void => {
        waiting.delete(one);
        resolve(text);
      };
      const one: Waiting = { endsAtMs: monotonicMs() + timeoutMs, giveUp: () => end(408) };
      waiting.add(one);
      // Not text(): that takes a byte order mark off, and the verdict is for exactly these bytes.
      request.bytes().then(
        (bytes) =>
          end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")),
        () => end(400),
      );
    });
  return { read, close: () => clearInterval(timer) };
}
