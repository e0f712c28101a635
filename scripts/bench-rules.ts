/**
 * Measures the rule store alone: import, size on disk, opening, memory, and finding a rule.
 *
 *   bun scripts/bench-rules.ts [--subjects 10000] [--per-subject 500] [--global 500]
 *     [--shape seed|token|user] [--dir DIR] [--json]
 *
 * `seed` is the shape of the seed's own load test (an OR of four members), `token` a rule for one token,
 * `user` an issue time. With --dir an existing folder is measured again, or made and kept.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { JsonObject, JsonValue } from "../src/core/json.ts";
import { parseRule } from "../src/core/revocation/parse-rule.ts";
import { openStore, type Store } from "../src/sqlite/open-store.ts";
import { makeRules, type Shape, userName } from "./bench-rule-sets.ts";

const { values } = parseArgs({
  options: {
    subjects: { type: "string", default: "10000" },
    "per-subject": { type: "string", default: "500" },
    global: { type: "string", default: "500" },
    shape: { type: "string", default: "seed" },
    dir: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const subjects = Number(values.subjects);
const perSubject = Number(values["per-subject"]);
const globals = Number(values.global);
const shape = parseShape(values.shape);
const ACTOR = { who: "bench", via: "import", from: "local" } as const;
const folder = values.dir ?? mkdtempSync(join(tmpdir(), "bench-rules-"));
const figures: Record<string, number | string> = {
  rules: subjects * perSubject + globals,
  subjects,
};

function parseShape(text: string): Shape {
  if (text === "seed" || text === "token" || text === "user") return text;
  throw new TypeError(`no such shape: ${text}`);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function claimsOf(user: number, n: number): JsonObject {
  const iat = shape === "user" ? 1_790_000_000 + n : 777_777_776;
  return new Map<string, JsonValue>([
    ["iss", "https://issuer.example"],
    ["aud", "api"],
    ["username", userName(user)],
    ["cs", `fresh-${user}-${n}`],
    ["rt", `fresh-${user}`],
    ["jti", `fresh-${user}-${n}`],
    ["iat", iat],
    ["exp", 1_999_999_999],
    ["st", 1],
    ["scope", "read write"],
  ]);
}

/** Tokens made at a time, apart from what is measured. */
const TOKENS = 500;

/** Nanoseconds for each of `rounds` tokens that no rule matches, users in a scattered order. */
function measure(store: Store, rounds: number): number {
  const now = Date.now() / 1000;
  let spent = 0;
  for (let from = 0; from < rounds; from += TOKENS) {
    const tokens = Array.from({ length: TOKENS }, (_, n) => {
      const user = ((from + n) * 7919) % Math.max(subjects, 1);
      return { claims: claimsOf(user, from + n), subjects: [userName(user)] };
    });
    const before = Bun.nanoseconds();
    for (const token of tokens) {
      const found = store.index.findMatch(token.claims, token.subjects, undefined, now);
      if (found !== undefined) throw new Error("a fresh token matched");
    }
    spent += Bun.nanoseconds() - before;
  }
  return Math.round(spent / rounds);
}

const made = await makeRules(folder, { subjects, perSubject, globals, shape });
if (made.seconds !== undefined) {
  figures["import, s"] = round(made.seconds);
  figures["import, rules/s"] = Math.round((subjects * perSubject + globals) / made.seconds);
  figures["slowest batch of 1000, ms"] = round(made.slowestBatchMs);
}
figures["database, MB"] = made.databaseMegabytes;
// What the import has left behind is not the server's memory: measured by a second run with --dir.
Bun.gc(true);
const before = performance.now();
const store = await openStore(folder, { nowMs: Date.now });
figures["open, ms"] = round(performance.now() - before);
figures["first look at each subject, ns"] = measure(store, Math.max(subjects, 1));
figures["after that, ns"] = Math.min(...Array.from({ length: 5 }, () => measure(store, 50_000)));
const add = [];
for (let n = 0; n < 50; n++) {
  const from = performance.now();
  await store.rules.addRule(
    {
      scope: { kind: "subject", subject: userName(1), issuer: undefined },
      rule: parseRule(`{"jti":"added-${n}-${Date.now()}"}`),
      expireAt: 0,
      reason: "bench",
    },
    ACTOR,
  );
  add.push(performance.now() - from);
}
figures["add a rule, median ms"] = round(add.toSorted((a, b) => a - b)[25] ?? 0);
const { cachedBytes, cachedSubjects } = store.index.counts();
figures["compiled subjects"] = cachedSubjects;
figures["compiled, MB"] = Math.round(cachedBytes / 1e6);
figures["RSS, MB"] = Math.round(process.memoryUsage.rss() / 1e6);
await store.close();
if (values.dir === undefined) rmSync(folder, { recursive: true });

process.stdout.write(
  values.json
    ? `${JSON.stringify(figures)}\n`
    : Object.entries(figures)
        .map(([name, value]) => `${name.padEnd(34)} ${value}\n`)
        .join(""),
);
