/** What the tests of the store share: an actor, a fixed time, folders that go away. */
import { Database } from "bun:sqlite";
import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseJson } from "../../src/core/json-parse.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { isJsonObject } from "../../src/core/revocation/json-text.ts";
import { parseRule } from "../../src/core/revocation/parse-rule.ts";
import type { Actor, NewRule } from "../../src/core/revocation/store.ts";

export const NOW = 1_800_000_000;

export const nowMs = (): number => NOW * 1000;

export const ACTOR: Actor = { who: "root", via: "cli", from: "local" };

/** Makes a new empty folder at each call; all of them are removed after the tests of the file. */
export function useFolder(): () => string {
  const made: string[] = [];
  afterAll(() => {
    for (const path of made) rmSync(path, { recursive: true, force: true });
  });
  return () => {
    const path = mkdtempSync(join(tmpdir(), "store-"));
    made.push(path);
    return path;
  };
}

export function claims(text: string): JsonObject {
  const value = parseJson(text);
  if (!isJsonObject(value)) throw new TypeError("a test's claims are not an object");
  return value;
}

export function ruleOf(
  subject: string | undefined,
  rule: string,
  more: Partial<NewRule> = {},
): NewRule {
  const scope =
    subject === undefined
      ? ({ kind: "global" } as const)
      : ({ kind: "subject", subject, issuer: undefined } as const);
  return { scope, rule: parseRule(rule), expireAt: 0, reason: "a test", ...more };
}

/** Runs SQL behind the store's back, as somebody with the file in an editor would. */
export function tamper(path: string, sql: string): void {
  const db = new Database(join(path, "haproxy-jwt.db"));
  db.run(sql);
  db.close();
}
