/** Finds variables of the environment that look like settings and are none: most are mistyped. */
import { SETTING_ENTRIES } from "./settings.ts";

/** What HAProxy's side alone reads: its Lua, and the shipped configurations. */
const OF_HAPROXY = [
  "JWT_BODY_ENCODING",
  "JWT_CACHE_SIZE",
  "JWT_CACHE_TTL",
  "JWT_CLAIM_VARS",
  "JWT_COOKIE",
  "JWT_EXPORTER_BIND",
  "JWT_FRONTEND_BIND",
  "JWT_LUA_DIR",
  "JWT_QUERY",
  "JWT_REALM",
  "JWT_REFUSE_CHUNKED",
  "JWT_SAMPLE_BIND",
  "JWT_SCHEMES",
  "JWT_STALE",
  "JWT_STATS_SOCKET",
  "JWT_TOKEN_SERVER",
  "JWT_TOKEN_SERVER_BACKEND",
  "JWT_UPSTREAM",
];

/** The names that begin with `JWT_` and that neither side knows, in their order. */
export function findUnknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const known = new Set(OF_HAPROXY);
  for (const [, { name, isSecret }] of SETTING_ENTRIES) {
    known.add(name);
    if (isSecret) known.add(`${name}_FILE`);
  }
  return Object.keys(environment).filter((name) => name.startsWith("JWT_") && !known.has(name));
}
