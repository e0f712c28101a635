/** The sets of rules that are measured with, written into data folders as an import writes them. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseRule } from "../src/core/revocation/parse-rule.ts";
import { createPatternCache } from "../src/core/revocation/pattern.ts";
import type { ImportLine } from "../src/core/revocation/store.ts";
import { openStore } from "../src/sqlite/open-store.ts";

/** Shapes of rules; no token of the loads matches any. */
export type Shape = "seed" | "token" | "user";

/** How many rules of which shape. */
export interface RuleSet {
  readonly subjects: number;
  readonly perSubject: number;
  readonly globals: number;
  /** `seed`: the seed's own load test, an OR of four members; `token`: a rule for one; `user`: an issue time. */
  readonly shape: Shape;
}

/** What a folder that was made or found has come to. */
export interface Made {
  /** Undefined for one that was there. */
  readonly seconds: number | undefined;
  readonly slowestBatchMs: number;
  readonly databaseMegabytes: number;
}

const ACTOR = { who: "bench", via: "import", from: "local" } as const;
const BATCH = 1000;

/** The subject that rules and tokens of the n-th user are about. */
export function userName(n: number): string {
  return `user-${n}`;
}

/** Fills a folder, or measures only its size where it is there already. */
export async function makeRules(folder: string, set: RuleSet): Promise<Made> {
  const database = join(folder, "haproxy-jwt.db");
  const startedAt = performance.now();
  const isThere = existsSync(database);
  let slowestBatchMs = 0;
  if (!isThere) {
    const store = await openStore(folder, { nowMs: Date.now });
    const staged = await store.rules.beginImport(ACTOR, "bench");
    let batch: ImportLine[] = [];
    for (const line of linesOf(set)) {
      batch.push(line);
      if (batch.length < BATCH) continue;
      const before = performance.now();
      await staged.stage(batch);
      slowestBatchMs = Math.max(slowestBatchMs, performance.now() - before);
      batch = [];
    }
    await staged.stage(batch);
    await staged.commit();
    await store.close();
  }
  return {
    seconds: isThere ? undefined : (performance.now() - startedAt) / 1000,
    slowestBatchMs,
    databaseMegabytes: Math.round(statSync(database).size / 1e6),
  };
}

function* linesOf({ subjects, perSubject, globals, shape }: RuleSet): Generator<ImportLine> {
  const patterns = createPatternCache(100);
  const line = (subject: string | undefined, owner: string, n: number): ImportLine => ({
    line: 0,
    rule: {
      scope:
        subject === undefined
          ? { kind: "global" }
          : { kind: "subject", subject, issuer: undefined },
      rule: parseRule(textOf(shape, owner, n), patterns),
      expireAt: 0,
      reason: "bench",
    },
  });
  // A global rule by issue time alone would match every token.
  for (let n = 0; n < globals; n++) yield line(undefined, shape === "user" ? "" : "g", n);
  for (let user = 0; user < subjects; user++) {
    for (let n = 0; n < perSubject; n++) yield line(userName(user), userName(user), n);
  }
}

function textOf(shape: Shape, owner: string, n: number): string {
  switch (shape) {
    case "token":
      return `{"jti":"${owner}-${n}"}`;
    case "user":
      return `{"iat":{"_or":true,"lte":${1_700_000_000 + n},"exists":false}}`;
    case "seed":
      return `{"_or":true,"cs":"${owner}-${n}","rt":"${owner}-0","iat":{"lte":777777,"gte":111111},"aud":{"_or":true,"regex":"no-match","eq":"x-no-start"}}`;
  }
}
