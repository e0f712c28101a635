/**
 * A judging thread's ways to the main thread: one for what is answered at once, one for what is held. Bun has
 * 256 fetches under way at the most, in all threads together: polls that are held must not be among them, or
 * with many threads of HAProxy no question gets through, and no key source is read.
 */
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import type { Arrival } from "../../http/token-server/app.ts";
import { ARRIVAL_HEADER } from "./messages.ts";

export interface MainSocket {
  /** Rejects where the main thread gives no answer. */
  readonly ask: (path: string, init: RequestInit, arrival: Arrival) => Promise<Response>;
  /** A GET that may be held, until the signal says that nobody waits for it. Rejects as `ask` does. */
  readonly poll: (
    path: string,
    init: { readonly headers: Headers; readonly signal: AbortSignal },
    arrival: Arrival,
  ) => Promise<Response>;
  /** Keeps no connection open any more. */
  readonly close: () => void;
}

/** Each connection's own. What is said of a body would have the main thread wait for one. */
const OWN: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "date",
  "expect",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** @param path of the main thread's unix socket */
export function createMainSocket(socketPath: string): MainSocket {
  // Connections are kept: a change has all polls come anew at one moment, more than may wait to be accepted.
  const agent = new Agent({ keepAlive: true, maxFreeSockets: Number.POSITIVE_INFINITY });
  return {
    ask: (path, init, arrival) =>
      fetch(`http://localhost${path}`, {
        ...init,
        headers: withArrival(init.headers, arrival),
        unix: socketPath,
        redirect: "manual",
      }),
    poll: (path, { headers, signal }, arrival) =>
      new Promise((resolve, reject) => {
        const passed = [...withArrival(headers, arrival)].filter(([name]) => !OWN.has(name));
        const sent = httpRequest(
          { socketPath, path, headers: Object.fromEntries(passed), agent, signal },
          (answer) => {
            toResponse(answer).then(resolve, reject);
          },
        );
        sent.on("error", reject);
        sent.end();
      }),
    close: () => agent.destroy(),
  };
}

function withArrival(headers: RequestInit["headers"], arrival: Arrival): Headers {
  const all = new Headers(headers);
  all.set(ARRIVAL_HEADER, arrival);
  return all;
}

async function toResponse(answer: IncomingMessage): Promise<Response> {
  const pieces: Buffer[] = [];
  for await (const piece of answer as AsyncIterable<Buffer>) pieces.push(piece);
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    if (typeof value === "string" && !OWN.has(name)) headers.set(name, value);
  }
  return new Response(Buffer.concat(pieces), { status: answer.statusCode ?? 502, headers });
}
