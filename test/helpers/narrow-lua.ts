/** A copy of the shipped Lua with room for few questions at a time: a crowd on a small machine. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./appliance.ts";

/** Copies lua/ into `folder` with another number of questions that may be open at a time; returns the value for JWT_LUA_DIR. */
export function writeNarrowLua(folder: string, openAtOnce: number): string {
  const target = join(folder, "narrow-lua");
  cpSync(join(ROOT, "lua"), target, { recursive: true });
  const path = join(target, "verify-jwt", "in_flight.lua");
  const text = readFileSync(path, "utf8");
  const narrow = text.replace(/^(local MAX_COUNTED =) \d+$/m, `$1 ${openAtOnce}`);
  if (narrow === text) throw new Error("the number of open questions is not there");
  writeFileSync(path, narrow);
  return target;
}
