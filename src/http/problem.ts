/** Answers failures as RFC 9457 problem+json, without an echo of what was sent. */
import { AppError, toSentence, type AppErrorCode } from "../core/app-error.ts";

const STATUS: ReadonlyMap<AppErrorCode, number> = new Map([
  ["invalid", 422],
  ["not_found", 404],
  ["conflict", 409],
  ["forbidden", 403],
  ["unauthenticated", 401],
  ["too_large", 413],
  ["unavailable", 503],
  ["unknown", 504],
]);

/** The body of a problem (RFC 9457 §3.1); `path` and `expected` name the member that was wrong. */
export interface Problem {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly code?: string;
  readonly detail?: string;
  readonly path?: string;
  readonly expected?: string;
}

/** A failure told by its HTTP status alone. */
export function problem(status: number, title: string, detail?: string): Response {
  return toResponse({
    type: "about:blank",
    title,
    status,
    ...(detail === undefined ? {} : { detail }),
  });
}

/** An operator's or user's failure; one that has no place in HTTP is a fault of ours. */
export function problemOf(error: AppError): Response {
  const status = STATUS.get(error.code) ?? 500;
  const { path, expected } = error;
  return toResponse({
    type: "about:blank",
    title: toSentence(error.message),
    status,
    code: error.code,
    ...(path === undefined ? {} : { path }),
    ...(expected === undefined ? {} : { expected }),
  });
}

function toResponse(body: Problem): Response {
  const headers = new Headers({
    "content-type": "application/problem+json",
    "cache-control": "no-store",
  });
  // RFC 9110 §15.5.2: never without it. Of what is taken here browsers ask for none by themselves.
  if (body.status === 401) headers.set("www-authenticate", 'Bearer realm="haproxy-jwt"');
  return new Response(JSON.stringify(body), { status: body.status, headers });
}
