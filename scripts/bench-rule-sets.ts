/** The sets of rules that are measured with, written into data folders as an import writes them. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseRule } from "../src/core/revocation/parse-rule.ts";
import { createPatternCache } from "../src/core/revocation/pattern.ts";
import type { ImportLine } from "../src/core/revocation/store.ts";
import { openStore } from "../src/sqlite/open-store.ts";

/** How many rules of which shape. */
export interface RuleSet {
  readonly subjects: number;
  readonly perSubject: number;
  readonly globals: number;
  /** `seed`: the seed's own load test, an OR of four members; `token`: one claim equal to one value. */
  readonly shape: "seed" | "token";
}

/** What the making of a folder took. */
export interface Made {
  readonly seconds: number;
  readonly databaseMegabytes: number;
}

const ACTOR = { who: "bench", via: "import", from: "local" } as const;
const BATCH = 1000;

/** The subject that rules and tokens of the n-th user are about. */
export function userName(n: number): string {
  return `user-${n}`;
}

/** Fills a folder, or measures only its size where it is there already. */
export async function makeRules(
  folder: string,
  set: RuleSet,
): Promise<Made | Omit<Made, "seconds">> {
  const database = join(folder, "haproxy-jwt.db");
  const startedAt = performance.now();
  const isThere = existsSync(database);
  if (!isThere) {
    const store = await openStore(folder, { nowMs: Date.now });
    const staged = await store.rules.beginImport(ACTOR, "bench");
    let batch: ImportLine[] = [];
    for (const line of linesOf(set)) {
      batch.push(line);
      if (batch.length < BATCH) continue;
      await staged.stage(batch);
      batch = [];
    }
    await staged.stage(batch);
    await staged.commit();
    await store.close();
  }
  const size = { databaseMegabytes: Math.round(statSync(database).size / 1e6) };
  return isThere ? size : { seconds: (performance.now() - startedAt) / 1000, ...size };
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
  for (let n = 0; n < globals; n++) yield line(undefined, "g", n);
  for (let user = 0; user < subjects; user++) {
    for (let n = 0; n < perSubject; n++) yield line(userName(user), userName(user), n);
  }
}

/** A rule that no token of the load matches. */
function textOf(shape: RuleSet["shape"], owner: string, n: number): string {
  if (shape === "token") return `{"jti":"${owner}-${n}"}`;
  return `{"_or":true,"cs":"${owner}-${n}","rt":"${owner}-0","iat":{"lte":777777,"gte":111111},"aud":{"_or":true,"regex":"no-match","eq":"x-no-start"}}`;
}
