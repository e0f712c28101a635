/** A copy of the shipped Lua whose action fails when a request asks for it: for the promise that nothing follows from that. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./appliance.ts";

/** What a request's `x-inject` may ask for. */
export const INJECTIONS = ["error", "error-object", "error-late", "loop", "memory"] as const;

// Wraps the action before the shipped file registers it. Everything after this is that file.
const PRELUDE = `
do
  local register = core.register_action
  local function fail_at(object, name, wanted, prefix)
    local place = tonumber(wanted:match("^" .. prefix .. "(%d+)$"))
    if not place then return end
    local real, count = object[name], 0
    rawset(object, name, function(...)
      count = count + 1
      if count == place then error("injected") end
      return real(...)
    end)
  end
  core.register_action = function(name, kinds, action, ...)
    register(name, kinds, function(txn, ...)
      local wanted = txn.sf:req_fhdr("x-inject") or ""
      if wanted == "error" then error("injected") end
      if wanted == "error-object" then error({}) end
      if wanted == "loop" then while true do end end
      if wanted == "memory" then
        local kept = {}
        while true do kept[#kept + 1] = string.rep("x", 65536) .. #kept end
      end
      fail_at(txn.http, "req_set_header", wanted, "header%-")
      fail_at(txn.http, "req_get_headers", wanted, "get%-")
      fail_at(txn, "set_var", wanted, "var%-")
      action(txn, ...)
      if wanted == "error-late" then error("injected") end
    end, ...)
  end
end
`;

/** Copies lua/ into `folder`, with the failures added; returns the value for JWT_LUA_DIR. */
export function writeBrokenLua(folder: string): string {
  const target = join(folder, "broken-lua");
  cpSync(join(ROOT, "lua"), target, { recursive: true });
  const entry = join(target, "verify-jwt.lua");
  writeFileSync(entry, PRELUDE + readFileSync(entry, "utf8"));
  return target;
}

/** Writes a shipped configuration with some of its text replaced; each replacement must be found. */
export function writeChangedConfig(
  folder: string,
  name: string,
  changes: readonly (readonly [from: string | RegExp, to: string])[],
): string {
  let text = readFileSync(join(ROOT, "haproxy", name), "utf8");
  for (const [from, to] of changes) {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`${name}: nothing to replace for ${String(from)}`);
    text = changed;
  }
  const path = join(folder, `changed-${crypto.randomUUID()}-${name}`);
  writeFileSync(path, text);
  return path;
}
