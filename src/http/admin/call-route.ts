/** Calls a route: checks what its declaration says of rights, body and query, in this order. */
import { createHash } from "node:crypto";
import { AppError } from "../../core/app-error.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Once } from "../../core/revocation/store.ts";
import { problem } from "../problem.ts";
import { mayAct, type Caller, type Identity } from "./caller.ts";
import { hasContentType, isRefusal, readJsonObject } from "./request-body.ts";
import type { Route } from "./route.ts";
import { checkBody, checkQuery } from "./validate.ts";

/** A request whose sender is known. */
interface Arrived {
  readonly request: Request;
  readonly caller: Caller;
  readonly from: string;
  readonly identity: Identity;
  readonly params: ReadonlyMap<string, string>;
}

export function isPermitted({ access }: Route, identity: Identity): boolean {
  if (access === "open") return true;
  if (access === "control") return identity.kind === "control";
  return mayAct(identity.role, access);
}

/** @throws AppError whatever the route's schemas or its handler refuse */
export async function callRoute(route: Route, arrived: Arrived): Promise<Response> {
  const { request, identity } = arrived;
  if (route.streams !== undefined && !hasContentType(request, route.streams)) {
    return problem(415, `The body has to be ${route.streams}`);
  }
  let exact: JsonObject = new Map();
  let text = "";
  let body: unknown;
  if (route.body !== undefined) {
    const read = await readJsonObject(request, route.isBodyOptional);
    if (isRefusal(read)) {
      const answer = problem(read.status, read.title);
      // Whoever drips may go on for as long as he likes; the connection need not.
      if (read.status === 408) answer.headers.set("connection", "close");
      return answer;
    }
    exact = read.object;
    text = read.text;
    body = checkBody(route.body, exact);
  }
  const { searchParams } = new URL(request.url);
  const query = checkQuery(route.query, searchParams);
  const reason = searchParams.get("reason");
  const asked = reason === null ? text : `${text}\n${reason}`;
  const once = route.isIdempotent === true ? parseOnce(request, identity, asked) : undefined;
  return route.handle({ ...arrived, actor: identity.actor, body, exact, query, once });
}

/**
 * Reads `Idempotency-Key`. What was asked is hashed with everything that says what it means: method,
 * path and body, and a reason in the query.
 */
function parseOnce(request: Request, identity: Identity, text: string): Once | undefined {
  const key = request.headers.get("idempotency-key");
  if (key === null) return undefined;
  if (!/^[\x21-\x7e]{1,128}$/.test(key)) {
    throw new AppError("invalid", "The Idempotency-Key cannot be used", {
      path: "/Idempotency-Key",
      expected: "1 to 128 printable characters without blanks",
    });
  }
  const { pathname } = new URL(request.url);
  const asked = `${request.method} ${pathname}\n${text}`;
  const { who, via } = identity.actor;
  return {
    key,
    who: `${via}:${who}`,
    requestHash: createHash("sha256").update(asked).digest("hex"),
  };
}
