import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { JWS_ALGORITHMS, type KeyShape } from "../../../src/core/token/algorithms.ts";
import { ROOT } from "../../helpers/appliance.ts";

/** What lua/verify-jwt/algorithms.lua holds of each algorithm, a line each. */
function luaAlgorithms(): string[] {
  const code = `
    package.path = "${join(ROOT, "lua")}/?.lua;" .. package.path
    for name, its in pairs(require("verify-jwt.algorithms").supported) do
      print(name, its.kty, its.digest, its.crv or "", its.size or "")
    end`;
  const said = execFileSync("lua5.3", ["-e", code], { encoding: "utf8" });
  return said
    .split("\n")
    .filter((line) => line !== "")
    .toSorted();
}

/** Least bytes of a secret, or bytes of each of a signature's two numbers: the Lua's `size`. */
function sizeOf(key: KeyShape, signatureBytes: number | undefined): string {
  if (key.kty === "oct") return String(key.minBytes);
  return key.kty === "EC" ? String((signatureBytes ?? 0) / 2) : "";
}

describe("the declared algorithms", () => {
  test("are verified in HAProxy where they say so, with the same kind of key, and nowhere else", () => {
    const declared = [...JWS_ALGORITHMS.values()]
      .filter(({ inLua }) => inLua)
      .map(({ name, key, hash, signatureBytes }) =>
        [name, key.kty, hash, "crv" in key ? key.crv : "", sizeOf(key, signatureBytes)].join("\t"),
      )
      .toSorted();
    expect(declared.length).toBeGreaterThan(0);
    expect(luaAlgorithms()).toEqual(declared);
  });
});
