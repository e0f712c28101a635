/** The HAProxy configurations that are compared: each does one thing, and answers 200 only when it did it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const HEAD = `global
  maxconn 2000
defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 2s
`;

/** Nothing but an answer. */
export const RETURN = `${HEAD}
frontend f
  bind "$JWT_FRONTEND_BIND"
  http-request return status 200
`;

/** Nothing but passing on. */
export const PROXY = `${HEAD}
frontend f
  bind "$JWT_FRONTEND_BIND"
  default_backend app
backend app
  server app "$JWT_UPSTREAM"
`;

/** Passing on, with a log line for each request as the shipped files write one. */
export const LOGGING_PROXY = PROXY.replace(
  "maxconn 2000",
  "maxconn 2000\n  log stdout format raw local0 info",
).replace("mode http", "mode http\n  log global\n  option httplog");

// jwt_verify is told the algorithm: taking it from the token is what nobody should do.
const NATIVE = `
  http-request set-var(txn.bearer) http_auth_bearer
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_header_query('$.alg') -m str RS256 }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_verify(RS256,"$BENCH_PUBLIC_KEY") -m int 1 }
`;

/** HAProxy's own signature check, nothing else of a token's verification, then an answer. */
export const NATIVE_RETURN = `${HEAD}
frontend f
  bind "$JWT_FRONTEND_BIND"${NATIVE}  http-request return status 200
`.replaceAll("$BENCH_PUBLIC_KEY", "BENCH_PUBLIC_KEY");

/** HAProxy's own signature check, then passing on. */
export const NATIVE_PROXY = `${HEAD}
frontend f
  bind "$JWT_FRONTEND_BIND"${NATIVE}  default_backend app
backend app
  server app "$JWT_UPSTREAM"
`.replaceAll("$BENCH_PUBLIC_KEY", "BENCH_PUBLIC_KEY");

/** What is passed on to: 200 to a request that something let through. */
export const UPSTREAM = `${HEAD}
frontend f
  bind "$JWT_FRONTEND_BIND"
  http-request return status 403 if { req.hdr(x-tkn-valid) -m found } !{ req.hdr(x-tkn-valid) 1 }
  http-request return status 200
`;

/** The seed's way, one action for each request, then an answer. */
export const ACTION_RETURN = `global
  maxconn 2000
  lua-prepend-path "$JWT_LUA_DIR/?.lua"
  lua-load-per-thread "$JWT_LUA_DIR/verify-jwt.lua"
${HEAD.slice(HEAD.indexOf("defaults"))}
frontend f
  bind "$JWT_FRONTEND_BIND"
  http-request lua.verify-jwt
  http-request return status 403 unless { var(txn.tkn.valid) -m str 1 }
  http-request return status 200
backend jwt-token-server
  server s1 "$JWT_TOKEN_SERVER"
`;

/** The shipped file, answering where it would pass on: its rules are all in front of that line. */
export function shippedReturn(root: string): string {
  const text = readFileSync(join(root, "haproxy", "haproxy.cfg"), "utf8");
  const answer = [
    "http-request return status 403 unless { var(txn.tkn.valid) -m str 1 }",
    "http-request return status 200",
  ];
  const changed = text.replace(/^(\s*)default_backend\b/m, (line, indent: string) =>
    [...answer.map((rule) => `${indent.replaceAll("\n", "")}${rule}`), line].join("\n"),
  );
  if (changed === text) throw new Error("haproxy.cfg has no default_backend line");
  return changed;
}
