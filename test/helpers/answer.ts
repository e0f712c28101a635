/** What one request came to: the status its client saw and the fields its upstream was given. */
import { type Fields, type HttpMessage, takeMessage, valuesOf } from "./http-message.ts";
import { type RawResponse, statusOf } from "./raw-client.ts";

/** The end of one request that passed HAProxy with an echoing upstream behind it. */
export interface Answer {
  /** The status the client saw; 0 when there was no response. */
  readonly status: number;
  /** The request as the upstream got it; undefined when it was not passed on. */
  readonly delivered: HttpMessage | undefined;
  readonly response: RawResponse;
}

/** Reads a response of the echoing upstream. */
export function toAnswer(response: RawResponse): Answer {
  const isEcho = response?.fields.some(([n, v]) => n === "content-type" && v === "message/http");
  const delivered =
    isEcho === true && response !== undefined
      ? takeMessage(response.body, "request", true)?.message
      : undefined;
  return { status: statusOf(response), delivered, response };
}

/** What the identity headers say; a header that is not there is undefined, one that is there twice is an error. */
export interface Identity {
  readonly valid: string | undefined;
  readonly reason: string | undefined;
  readonly detail: string | undefined;
  readonly body: string | undefined;
  readonly header: string | undefined;
  readonly stateless: string | undefined;
  readonly legacy: string | undefined;
}

const NAMES = ["valid", "reason", "detail", "body", "header", "stateless", "legacy"] as const;

/**
 * Reads the identity headers of a delivered request.
 *
 * @throws Error when one is there twice, when one is there that contract §3 does not name, or when none is.
 */
export function identityOf(answer: Answer): Identity {
  if (answer.delivered === undefined) {
    throw new Error(`nothing was delivered: status ${answer.status}`);
  }
  const ours = answer.delivered.fields.filter(([name]) => isIdentityName(name));
  const known = new Set<string>(NAMES.map((name) => `x-tkn-${name}`));
  for (const [name] of ours) {
    if (!known.has(name)) throw new Error("an identity header that the contract does not name");
  }
  const one = (name: string, fields: Fields = ours) => {
    const values = valuesOf(fields, `x-tkn-${name}`);
    if (values.length > 1) throw new Error(`x-tkn-${name} is there ${values.length} times`);
    return values[0];
  };
  const identity = {
    valid: one("valid"),
    reason: one("reason"),
    detail: one("detail"),
    body: one("body"),
    header: one("header"),
    stateless: one("stateless"),
    legacy: one("legacy"),
  };
  if (identity.valid !== "1" && identity.valid !== "0") {
    throw new Error("x-tkn-valid is neither 1 nor 0");
  }
  return identity;
}

/** Whether an upstream could read a name as one of ours: `-` and every other mark are alike to CGI, WSGI and their like. */
export function isIdentityName(name: string): boolean {
  return /^x[^a-z0-9]tkn([^a-z0-9]|$)/i.test(name);
}
