/** The README's tables of HAProxy's side; what they say is held against the Lua and the configurations. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { table } from "./reference-sections.ts";

/** One setting: name, what it means, its default as one would write it. */
type Row = readonly [name: string, meaning: string, defaultText: string | undefined];

const LUA_SETTINGS: readonly Row[] = [
  [
    "JWT_JWKS_FILE",
    "Files with verification keys, comma list, absolute paths; HAProxy then verifies what it can itself.",
    undefined,
  ],
  ["JWT_JWKS_URL", "Addresses of verification keys, comma list, in either format.", undefined],
  ["JWT_SYNC_INTERVAL", "Seconds between two readings of a key source.", "300"],
  [
    "JWT_CACHE_TTL",
    "Seconds since its judgement that a verdict is used; 0: none is remembered. Unset: 3, and 60 with a live lease. Without the verifier key 300 at the most.",
    undefined,
  ],
  [
    "JWT_TOKEN_SERVER_BACKEND",
    "Beginning of the names of the backends whose servers are token-servers. Must be set.",
    undefined,
  ],
  ["JWT_SCHEMES", "Authorization schemes, compared without regard to case.", "JWT,Bearer"],
  ["JWT_COOKIE", "Name of a cookie that may hold the token.", undefined],
  ["JWT_QUERY", "Name of a query parameter that may hold the token; it is taken out.", undefined],
  ["JWT_MAX_TOKEN_BYTES", "Longer tokens are refused; up to 65536.", "8192"],
  ["JWT_CACHE_SIZE", "Verdicts that each thread remembers.", "50000"],
  [
    "JWT_CLAIM_VARS",
    "Claims to set as variables, comma list; `*`: all, and no fast path. The shipped files: `username,sub`.",
    "*",
  ],
  ["JWT_BODY_ENCODING", "How the claims stand in `x-tkn-body`: `json` or `base64url`.", "json"],
  [
    "JWT_STALE",
    "`strict`, or `best-effort:SECONDS` (up to 86400) of known verdicts while no server can be reached; it needs the verifier key.",
    "strict",
  ],
  [
    "JWT_VERIFIER_KEY",
    "Secret shared with the server, sent to the servers of the backend above and to no other address.",
    undefined,
  ],
  [
    "JWT_VERIFIER_KEY_FILE",
    "File with that secret; unset: `/etc/haproxy-jwt/verifier.key`, where it is there.",
    undefined,
  ],
];

const CFG_SETTINGS: ReadonlyMap<string, string> = new Map([
  ["JWT_FRONTEND_BIND", "Where HAProxy listens."],
  ["JWT_UPSTREAM", "Where requests are passed on to."],
  ["JWT_TOKEN_SERVER", "The token-server."],
  ["JWT_LUA_DIR", "Folder of the Lua files."],
  [
    "JWT_REFUSE_CHUNKED",
    "`1`: refuse requests that may hide a trailer (below HAProxy 3.2); else `0`.",
  ],
  ["JWT_REALM", "The realm named in 401 answers."],
  ["JWT_EXPORTER_BIND", "Where HAProxy's own metrics and `/livez` are."],
  ["JWT_STATS_SOCKET", "HAProxy's runtime socket."],
]);

/** The Lua side's settings. @throws Error where this table and lua/verify-jwt/settings.lua differ */
export function haproxySettings(): string {
  checkNames();
  for (const [name, , text] of LUA_SETTINGS) if (text !== undefined) checkDefault(name, text);
  return table(
    ["name", "meaning", "default"],
    LUA_SETTINGS.map(([name, meaning, text]) => [
      `\`${name}\``,
      meaning,
      text === undefined ? "–" : `\`${text}\``,
    ]),
  );
}

/** What only the shipped configurations read. @throws Error where a file has one that is not named here */
export function shippedSettings(): string {
  const rows = new Map<string, readonly string[]>();
  for (const file of ["haproxy.cfg", "enforce.cfg", "exporter.cfg", "service.cfg"]) {
    const lines = readFileSync(`haproxy/${file}`, "utf8").matchAll(/^\s*presetenv (\S+) (\S+)$/gm);
    for (const [, name = "", value = ""] of lines) {
      if (LUA_SETTINGS.some(([known]) => known === name)) continue;
      const meaning = CFG_SETTINGS.get(name);
      if (meaning === undefined) throw new Error(`${file} has ${name}, which nobody explains`);
      rows.set(name, [`\`${name}\``, meaning, `\`${value}\``]);
    }
  }
  return table(["name", "meaning", "default"], [...rows.values()]);
}

function checkNames(): void {
  const asked = runLua(`
    local names = {}
    settings.read(function(name) names[#names + 1] = name end, function() end)
    table.sort(names)
    print(table.concat(names, " "))`).split(" ");
  const told = LUA_SETTINGS.map(([name]) => name).toSorted();
  if (asked.join(" ") !== told.join(" ")) {
    throw new Error(`HAProxy's side reads ${asked.join(", ")}; explained are ${told.join(", ")}`);
  }
}

/** Setting a name to its default must change nothing. */
function checkDefault(name: string, text: string): void {
  const isSame = runLua(`
    local function show(value)
      if type(value) ~= "table" then return tostring(value) end
      local parts = {}
      for key, inner in pairs(value) do parts[#parts + 1] = tostring(key) .. "=" .. show(inner) end
      table.sort(parts)
      return "{" .. table.concat(parts, ",") .. "}"
    end
    local function read(given)
      return show((settings.read(function(name) return given[name] end, function() end)))
    end
    print(read({ [${JSON.stringify(name)}] = ${JSON.stringify(text)} }) == read({}))`);
  if (isSame !== "true") throw new Error(`${name}'s default is not ${text}`);
}

function runLua(code: string): string {
  const head =
    'package.path = "lua/?.lua;" .. package.path; local settings = require("verify-jwt.settings")';
  return execFileSync("lua5.3", ["-e", `${head}\n${code}`], { encoding: "utf8" }).trim();
}
