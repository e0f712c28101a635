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

/** HAProxy's own signature checks. */
export type NativeAlgorithm = "HS256" | "RS256" | "ES256";

// jwt_verify is told the algorithm: taking it from the token is what nobody should do. The key's path, or the secret,
// is put in the place of BENCH_KEY.
const native = (alg: NativeAlgorithm) => `
  http-request set-var(txn.bearer) http_auth_bearer
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_header_query('$.alg') -m str ${alg} }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_verify(${alg},"BENCH_KEY") -m int 1 }
`;

/** HAProxy's own signature check, nothing else of a token's verification, then an answer. */
export const nativeReturn = (alg: NativeAlgorithm) => `${HEAD}
frontend f
  bind "$JWT_FRONTEND_BIND"${native(alg)}  http-request return status 200
`;

/** HAProxy's own signature check, then passing on. */
export const nativeProxy = (alg: NativeAlgorithm) => `${HEAD}
frontend f
  bind "$JWT_FRONTEND_BIND"${native(alg)}  default_backend app
backend app
  server app "$JWT_UPSTREAM"
`;

/** The least that any Lua costs: BENCH_LUA names a file with an empty action and a converter that finds one text. */
const LUA_HEAD = HEAD.replace("maxconn 2000", 'maxconn 2000\n  lua-load-per-thread "BENCH_LUA"');

/** What BENCH_LUA holds: as much as a verdict's text comes out, whatever goes in. */
export const EMPTY_LUA = `local text = ("x"):rep(400)
core.register_action("bench", { "http-req" }, function() end)
core.register_converters("bench", function() return text end)
`;

/** An action that does nothing. */
export const EMPTY_ACTION = `${LUA_HEAD}
frontend f
  bind "$JWT_FRONTEND_BIND"
  http-request lua.bench
  http-request return status 200
`;

/** A converter that does nothing, and no variable or header set from what it finds. */
export const EMPTY_CONVERTER = `${LUA_HEAD}
frontend f
  bind "$JWT_FRONTEND_BIND"
  http-request set-var(txn.known) req.fhdr(authorization),lua.bench
  http-request return status 200
`;

/** The same look-up by a map of HAProxy's own, which nothing could take a verdict out of in time. BENCH_MAP names it. */
export const MAP_LOOKUP = `${HEAD}
frontend f
  bind "$JWT_FRONTEND_BIND"
  http-request set-var(txn.known) http_auth_bearer,map_str(BENCH_MAP)
  http-request return status 403 unless { var(txn.known) -m found }
  http-request return status 200
`;

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

/** The fast path alone: a known verdict is looked up and believed, nothing else of the shipped file. */
export const LOOKUP_RETURN = ACTION_RETURN.replace(
  "  http-request lua.verify-jwt\n",
  `  http-request set-var(txn.jwt_known) req.fhdr(authorization),lua.verify-jwt-known
  http-request set-var(txn.tkn.valid) str(1) if { var(txn.jwt_known) -m found }
  http-request lua.verify-jwt unless { var(txn.tkn.valid) -m found }
`,
);

/** The shipped file without its log lines: what they cost is another matter than what verification does. */
export function withoutLog(text: string): string {
  return text.replace(/^ {2}log (global|stdout.*)$/gm, "");
}

/** The shipped file. */
export function shipped(root: string): string {
  return readFileSync(join(root, "haproxy", "haproxy.cfg"), "utf8");
}

/** The shipped file, answering where it would pass on: its rules are all in front of that line. */
export function shippedReturn(root: string): string {
  const text = shipped(root);
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
