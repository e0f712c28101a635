/** A copy of the shipped Lua whose action fails when a request asks for it: for the promise that nothing follows from that. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./appliance.ts";

/** What a request's `x-inject` may ask for that takes the action away before it has done anything. */
export const FATAL_INJECTIONS = ["error", "error-object", "loop", "memory"] as const;

/**
 * An error when all is done, and in the middle: at the nth header or variable that is set. A refused token has fewer of
 * both, so that the last ones find nothing to break there.
 */
export const LATE_INJECTION = "error-late";
export const HALFWAY_INJECTIONS: readonly { readonly name: string; readonly isRarer: boolean }[] = [
  ...[1, 2, 3, 4, 5].map((place) => ({ name: `header-${place}`, isRarer: place > 4 })),
  ...[1, 2, 3, 4, 5].map((place) => ({ name: `var-${place}`, isRarer: place > 3 })),
];

/** What the configuration says in a response beside an injection that has happened. */
export const INJECTED_HEADER = "x-injected";
export const TELL_INJECTION = `http-after-response set-header ${INJECTED_HEADER} 1 if { var(txn.injected) -m found }`;

// Wraps the action before the shipped file registers it. Everything after this is that file.
const PRELUDE = `
do
  local register = core.register_action
  local function fail_at(mark, object, name, wanted, prefix)
    local place = tonumber(wanted:match("^" .. prefix .. "(%d+)$"))
    if not place then return end
    local real, count = object[name], 0
    rawset(object, name, function(...)
      count = count + 1
      if count == place then
        mark()
        error("injected")
      end
      return real(...)
    end)
  end
  core.register_action = function(name, kinds, action, ...)
    register(name, kinds, function(txn, ...)
      local wanted = txn.sf:req_fhdr("x-inject") or ""
      local set_var = txn.set_var
      local function mark() set_var(txn, "txn.injected", 1) end
      if wanted == "error" then mark() error("injected") end
      if wanted == "error-object" then mark() error({}) end
      if wanted == "loop" then mark() while true do end end
      if wanted == "memory" then
        mark()
        local kept = {}
        while true do kept[#kept + 1] = string.rep("x", 65536) .. #kept end
      end
      fail_at(mark, txn.http, "req_set_header", wanted, "header%-")
      fail_at(mark, txn, "set_var", wanted, "var%-")
      action(txn, ...)
      if wanted == "error-late" then mark() error("injected") end
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
