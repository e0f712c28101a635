/** The one error an operator or a user can cause; a bad token is a value (Verdict), never this. */

/**
 * What kind of failure it is. One file maps them to HTTP (invalid 422, not_found 404, conflict 409,
 * forbidden 403, unauthenticated 401, too_large 413, unavailable 503, unknown 504), another to exit
 * codes (usage 2, config 78, all others 1). `unavailable`: nothing was changed; `unknown`: it may have
 * been, and nobody can say.
 */
export type AppErrorCode =
  | "invalid"
  | "not_found"
  | "conflict"
  | "forbidden"
  | "unauthenticated"
  | "too_large"
  | "unavailable"
  | "unknown"
  | "usage"
  | "config";

export interface AppErrorDetails {
  readonly cause?: unknown;
  /** Where in the input, as a JSON Pointer (RFC 6901) from its top: `/rule/iat/lte`. */
  readonly path?: string;
  /** What would have been accepted there, in words. */
  readonly expected?: string;
}

/**
 * A failure that is told to whoever asked. The message never holds a token, a claim's value or a
 * secret; the cause is for the log at the edge and is never sent.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: AppErrorCode;
  readonly path: string | undefined;
  readonly expected: string | undefined;

  constructor(code: AppErrorCode, message: string, details: AppErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.path = details.path;
    this.expected = details.expected;
  }
}

/** A message as it is shown by itself: it begins with a capital, unless that would change a name or a path. */
export function toSentence(message: string): string {
  return /^[a-z]+[,:]? /.test(message)
    ? message.charAt(0).toUpperCase() + message.slice(1)
    : message;
}
