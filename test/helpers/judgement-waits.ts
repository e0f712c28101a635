/**
 * How long judgements wait while something else goes on: a client that asks all the time, and the kernel's word for
 * how much of each wait was the machine's, because others had the processor.
 */
import { readFileSync } from "node:fs";
import { type RawConnection, openConnection } from "./raw-client.ts";

/** What was waited for, in milliseconds; the machine's share is taken off. */
export interface Waits {
  readonly count: number;
  readonly medianMs: number;
  readonly p999Ms: number;
  readonly longestMs: number;
  /** The longest with the machine's share. */
  readonly longestSeenMs: number;
}

/** A client at work. */
export interface WaitMeter {
  readonly stop: () => Promise<Waits>;
}

/** Milliseconds that a process' main thread was ready to run and had no processor (proc(5), schedstat). */
function queuedMs(pid: number): number {
  const [, waited = "0"] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "latin1").split(" ");
  return Number(waited) / 1e6;
}

/**
 * Posts tokens one after the other over one connection, until it is stopped.
 *
 * @param next a token that must be judged valid, another one each time where nothing may be remembered
 */
export async function startWaitMeter(
  server: { readonly pid: number; readonly port: number },
  next: () => string,
): Promise<WaitMeter> {
  const connection = await openConnection(server.port);
  const stopping = new AbortController();
  const own: number[] = [];
  let longestSeenMs = 0;
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const token = next();
      const queuedBefore = queuedMs(server.pid) + queuedMs(process.pid);
      const tookMs = await ask(connection, token);
      const queued = queuedMs(server.pid) + queuedMs(process.pid) - queuedBefore;
      own.push(Math.max(0, tookMs - queued));
      longestSeenMs = Math.max(longestSeenMs, tookMs);
      await Bun.sleep(1);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await running;
      connection.close();
      const sorted = own.toSorted((a, b) => a - b);
      const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
      return {
        count: sorted.length,
        medianMs: at(0.5),
        p999Ms: at(0.999),
        longestMs: at(1),
        longestSeenMs,
      };
    },
  };
}

async function ask(connection: RawConnection, token: string): Promise<number> {
  const head = `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/jwt\r\ncontent-length: ${token.length}\r\n\r\n`;
  const sentAt = performance.now();
  connection.write(head + token);
  const response = await connection.response(30_000);
  const tookMs = performance.now() - sentAt;
  if (response?.body.includes('"valid":"1"') !== true) throw new Error("a good token was refused");
  return tookMs;
}
