/** A verifier that only polls: what a HAProxy thread looks like from the server, for showing many of them. */
import type { Appliance } from "./appliance.ts";

/** One that can be told to fall silent. */
export interface FeedVerifier {
  readonly id: string;
  /** Polls no more; its lease runs out. */
  readonly fallSilent: () => void;
}

/** Starts polling; it stops when `stack` is disposed. */
export function startFeedVerifier(
  stack: AsyncDisposableStack,
  server: Appliance,
  name: string,
): FeedVerifier {
  const id = crypto.randomUUID().replaceAll("-", "");
  const abort = new AbortController();
  stack.defer(() => abort.abort());
  void poll(server, id, name, abort.signal);
  return { id, fallSilent: () => abort.abort() };
}

async function poll(
  server: Appliance,
  id: string,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  let applied: Readonly<Record<string, string>> = {};
  while (!signal.aborted) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- a long poll follows the other
      const response = await fetch(`http://127.0.0.1:${server.port}/feed`, {
        headers: {
          authorization: `Bearer ${server.verifierKey}`,
          "x-jwt-verifier": id,
          "x-jwt-verifier-name": name,
          "x-jwt-mode": "strict",
          "x-jwt-stats": "hits=0,asked=0,entries=1200",
          ...applied,
        },
        signal,
      });
      // oxlint-disable-next-line no-await-in-loop
      const answer = (await response.json()) as { epoch: string; seq: number };
      applied = { "x-jwt-epoch": answer.epoch, "x-jwt-seq": String(answer.seq) };
    } catch {
      // oxlint-disable-next-line no-await-in-loop -- the server may be away for a while
      if (!signal.aborted) await Bun.sleep(50);
    }
  }
}
