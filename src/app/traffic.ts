/** Follows each request from its arrival to its answer: who it is in the logs, and what came of it. */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type { ListenOptions } from "../http/listen.ts";
import type { Log, LogFacts } from "../log.ts";

/** The listeners, by the words that logs and metrics have for them. */
export type ListenerName = "token" | "admin" | "control";

type Handle = ListenOptions["handle"];

export interface Traffic {
  /** A handler whose requests are followed. */
  readonly follow: (listener: ListenerName, handle: Handle) => Handle;
  /** What a log line says of the request it belongs to; nothing outside of one. */
  readonly facts: () => LogFacts;
}

interface Followed {
  readonly request: Request;
  id: string | undefined;
}

/** Makes the follower of one server. `onAnswered` is told of each answer. */
export function createTraffic(
  log: () => Log,
  onAnswered: (listener: ListenerName, status: number) => void,
): Traffic {
  const present = new AsyncLocalStorage<Followed>();
  return {
    facts: () => {
      const followed = present.getStore();
      return followed === undefined ? {} : factsOf(followed);
    },
    follow: (listener, handle) => (request, arrival, server) => {
      const followed: Followed = { request, id: undefined };
      const startedMs = performance.now();
      const finish = (response: Response): Response => {
        const { status } = response;
        onAnswered(listener, status);
        // So that whoever complains can name the line of the log.
        if (status >= 400) response.headers.set("x-request-id", idOf(followed));
        if (log().isOn("debug")) {
          log().debug("request", {
            ...factsOf(followed),
            listener,
            method: request.method,
            path: toShownPath(request.url),
            status,
            ms: Math.round((performance.now() - startedMs) * 1000) / 1000,
          });
        }
        return response;
      };
      return present.run(followed, () => {
        const answer = handle(request, arrival, server);
        return answer instanceof Promise ? answer.then(finish) : finish(answer);
      });
    },
  };
}

function factsOf(followed: Followed): LogFacts {
  return { requestId: idOf(followed), traceparent: traceparentOf(followed.request) };
}

/** The caller's name for the request, if it is one that a log can hold, else one of ours. */
function idOf(followed: Followed): string {
  if (followed.id === undefined) {
    const given = followed.request.headers.get("x-request-id");
    // A token never fits: it has dots, or is longer.
    followed.id = given !== null && /^[\w:-]{1,64}$/.test(given) ? given : randomUUID();
  }
  return followed.id;
}

/** W3C Trace Context, level 1 §3.2: only what has the form is passed on. */
function traceparentOf(request: Request): string | undefined {
  const given = request.headers.get("traceparent");
  const isWellFormed =
    given !== null && /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(given);
  return isWellFormed ? given : undefined;
}

/** The path with everything that is not a route's own word or a number left out; never the query. */
function toShownPath(url: string): string {
  return new URL(url).pathname
    .split("/")
    .slice(0, 8)
    .map((part) => (/^([a-z][a-z.-]{0,23}|v1|\d{1,15}|)$/.test(part) ? part : "*"))
    .join("/");
}
