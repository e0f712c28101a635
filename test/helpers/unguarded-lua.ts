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
  writeFileSync(
    join(modules, "uninterrupted.lua"),
    "return function(work, ...) return work(...) end\n",
  );
  if (!takesAnyAnswer) return target;
  const path = join(modules, "token_server.lua");
  const text = readFileSync(path, "utf8");
  const changed = text.replace(/return not answered or .*/, "return true or answered");
  if (changed === text) throw new Error("there is no question's number to leave out");
  writeFileSync(path, changed);
  return target;
}
