/** What a route of the admin API is: declared once, and read by the router, the description and the tests. */
import type { Static, TObject, TSchema } from "@sinclair/typebox";
import type { Role } from "../../core/revocation/accounts.ts";
import type { Actor, Once } from "../../core/revocation/store.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Caller, Identity } from "./caller.ts";

/** What a handler is given: everything in it has been checked. */
export interface Call<Body, Query> {
  readonly request: Request;
  readonly caller: Caller;
  /** The client's address, or how it came in; what throttling counts by. */
  readonly from: string;
  readonly identity: Identity;
  readonly actor: Actor;
  readonly params: ReadonlyMap<string, string>;
  readonly body: Body;
  /** The body once more, numbers exact: rules are read from here. */
  readonly exact: JsonObject;
  readonly query: Query;
  /** There where the request carries an `Idempotency-Key`. */
  readonly once: Once | undefined;
}

/** `open`: anybody; `control`: only over the control socket; else the least role. */
export type Access = "open" | "control" | Role;

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** One answer, for the description; `problem` is described once for all. */
export interface AnswerSpec {
  readonly description: string;
  readonly type?: string;
  readonly schema?: TSchema;
}

interface RouteHead {
  readonly method: Method;
  /** Below `/api/v1`, with `:name` for a part. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  /** The content type of a body that the handler reads itself, as a stream. */
  readonly streams?: string;
  /** Whether a GET is answered without an end; the handler then answers HEAD too, with the head alone. */
  readonly isEndless?: boolean;
  /** Whether no body at all stands for an empty object. */
  readonly isBodyOptional?: boolean;
  /** Whether `Idempotency-Key` makes a repetition harmless here. */
  readonly isIdempotent?: boolean;
}

/** A route without its types: what the router holds. */
export interface Route extends RouteHead {
  readonly body: TSchema | undefined;
  readonly query: TObject | undefined;
  readonly handle: (call: Call<unknown, unknown>) => Response | Promise<Response>;
}

interface RouteSpec<Body extends TSchema, Query extends TObject> extends RouteHead {
  readonly body?: Body;
  readonly query?: Query;
  readonly handle: (call: Call<Static<Body>, Static<Query>>) => Response | Promise<Response>;
}

/** Declares a route: its handler is typed by its schemas, which the router checks before it calls. */
export function parseRoute<Body extends TSchema, Query extends TObject>(
  spec: RouteSpec<Body, Query>,
): Route {
  const { body, query, handle, ...head } = spec;
  return {
    ...head,
    body,
    query,
    handle: (call) => handle(call as Call<Static<Body>, Static<Query>>),
  };
}
