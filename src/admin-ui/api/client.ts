/** Talks to the server's API, and waits for the password where a session has ended meanwhile. */
import { ApiProblem, parseProblem } from "./problem.ts";

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface CallOptions {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  /** Sent as JSON; a text is taken for JSON as it is. */
  readonly body?: object | string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** For logging in: a 401 is an answer then, not the end of a session. */
  readonly isOpen?: boolean;
}

export interface Api {
  /** @throws ApiProblem */
  call<T>(path: string, options?: CallOptions): Promise<T>;
  /** The same, the answer's text as it came. @throws ApiProblem */
  text(path: string, options?: CallOptions): Promise<string>;
}

export interface ApiDeps {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Called where a session has ended; settles once there is one again. */
  readonly onSessionEnd: () => Promise<void>;
  /** How many sessions have begun: a refusal may be about one that has ended since. */
  readonly sessionCount: () => number;
}

export const API_ROOT = "/api/v1";
const TIMEOUT_MS = 75_000;

/** Makes the client. A request that finds its session ended is sent once more after the next login. */
export function createApi({ fetch, onSessionEnd, sessionCount }: ApiDeps): Api {
  const send = async (path: string, options: CallOptions): Promise<string> => {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const signal =
      options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
    const { body } = options;
    const session = sessionCount();
    const response = await fetch(toUrl(path, options.query), {
      method: options.method ?? "GET",
      signal,
      credentials: "same-origin",
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      if (options.signal?.aborted === true) throw cause;
      throw new ApiProblem(0, "The server cannot be reached", {
        detail: "Nothing is known to have changed. Try again when there is contact.",
      });
    });
    const text = await response.text();
    if (response.ok) return text;
    if (response.status !== 401 || options.isOpen === true)
      throw parseProblem(response.status, text);
    if (session === sessionCount()) await onSessionEnd();
    return send(path, options);
  };
  return {
    text: (path, options = {}) => send(path, options),
    call: async <T>(path: string, options: CallOptions = {}) => {
      const text = await send(path, options);
      // Server and page come in one binary: shapes are agreed between them by types, not checked again.
      return (text === "" ? undefined : JSON.parse(text)) as T;
    },
  };
}

/** A path below the API with its query. */
export function toUrl(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") params.set(name, String(value));
  }
  const text = params.toString();
  return `${API_ROOT}${path}${text === "" ? "" : `?${text}`}`;
}
