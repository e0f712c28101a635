/** A copy of the shipped Lua that HAProxy may interrupt anywhere: for tests that have to notice it. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./appliance.ts";

/** What of the protection is left out. */
export interface Unguarded {
  /** Answers are taken whatever question they are to. */
  readonly takesAnyAnswer: boolean;
}

/** Copies lua/ into `folder` without what keeps steps together; returns the value for JWT_LUA_DIR. */
export function writeUnguardedLua(folder: string, { takesAnyAnswer }: Unguarded): string {
  const target = join(folder, `unguarded-${crypto.randomUUID()}`);
  cpSync(join(ROOT, "lua"), target, { recursive: true });
  const modules = join(target, "verify-jwt");
  writeFileSync(join(modules, "uninterrupted.lua"), "return function(work) work() end\n");
  const path = join(modules, "transport.lua");
  const changes: readonly (readonly [string, string])[] = [
    ["local push, pop = table.insert, table.remove\n", POP_IN_STEPS],
    ...(takesAnyAnswer ? [["return sub(body, 1, #mark) == mark", "return true"] as const] : []),
  ];
  let text = readFileSync(path, "utf8");
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`there is nothing to leave out: ${from}`);
    text = text.replace(from, to);
  }
  writeFileSync(path, text);
  return target;
}

const POP_IN_STEPS = `
local push = table.insert
local function pop(list)
  local last = list[#list]
  list[#list] = nil
  return last
end
`;
