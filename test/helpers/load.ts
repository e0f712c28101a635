/** Clients that ask all the time, so that a fault meets the product at work. */
import { type Answer, identityOf, toAnswer } from "./answer.ts";
import { openConnection, type RawConnection, type RawResponse, toRequest } from "./raw-client.ts";

/** One request of the load and what came of it. */
export interface Observation {
  /** What the client sent: the name that `next` gave it. */
  readonly kind: string;
  /** performance.now() of sending. */
  readonly sentAt: number;
  readonly tookMs: number;
  /** "1" or "0" as delivered; undefined when the request was not delivered. */
  readonly valid: string | undefined;
  readonly reason: string | undefined;
  /** Whom the upstream was told it is. */
  readonly subject: string | undefined;
  readonly status: number;
}

/** Running clients. */
export interface Load {
  readonly observations: readonly Observation[];
  /** Stops them and waits for their last answers. */
  readonly stop: () => Promise<void>;
}

/** What a client sends next. */
export type Next = () => { readonly kind: string; readonly token: string };

/**
 * Starts `clients` that each send, wait for the answer and rest for `pauseMs`; connections are kept alive. It is the
 * caller's to stop them, and done at the latest when `stack` is disposed.
 */
export function startLoad(
  stack: AsyncDisposableStack,
  port: number,
  next: Next,
  options: { readonly clients: number; readonly pauseMs: number },
): Load {
  const observations: Observation[] = [];
  const stopping = new AbortController();
  const client = async () => {
    let connection: RawConnection | undefined;
    while (!stopping.signal.aborted) {
      const { kind, token } = next();
      const request = toRequest([`authorization: Bearer ${token}`]);
      const sentAt = performance.now();
      let response: RawResponse;
      if (connection !== undefined) response = await give(connection, request);
      // A server may close a kept connection just as the next request is sent; RFC 9110 §9.2.2 has the client ask again.
      if (response === undefined) {
        connection?.close();
        connection = await openConnection(port);
        response = await give(connection, request);
      }
      const answer = toAnswer(response);
      const tookMs = performance.now() - sentAt;
      observations.push({ kind, sentAt, tookMs, status: answer.status, ...verdictOf(answer) });
      if (response === undefined) connection?.close();
      await Bun.sleep(options.pauseMs);
    }
    connection?.close();
  };
  const running = Promise.all(Array.from({ length: options.clients }, client));
  const stop = async () => {
    stopping.abort();
    await running;
  };
  stack.defer(stop);
  return { observations, stop };
}

/** Sends a request and waits for its answer; undefined when the connection ended, or none came in twenty seconds. */
async function give(connection: RawConnection, request: string): Promise<RawResponse> {
  if (connection.isClosed()) return undefined;
  connection.write(request);
  return connection.response(20_000).catch(() => undefined);
}

function verdictOf(answer: Answer): Pick<Observation, "valid" | "reason" | "subject"> {
  if (answer.delivered === undefined) {
    return { valid: undefined, reason: undefined, subject: undefined };
  }
  const { valid, reason, body } = identityOf(answer);
  return { valid, reason, subject: /"sub":"([^"]*)"/.exec(body ?? "")?.[1] };
}
