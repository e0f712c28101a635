/** Files a subject's rule under the keys it is found by, and takes it out again. */
import type { RuleEntry } from "../core/revocation/rule-entries.ts";
import { UNGUARDED } from "../core/revocation/rule-rows.ts";
import type { Connection } from "./connection.ts";
import { createKeyPaths, type KeyPaths } from "./key-paths.ts";
import { createLadders, type Ladders } from "./ladders.ts";

/** So many rules under one key stand alone; further ones join ladders, so that alike ones merge. */
const CROWDED = 4;

/** How rules under a key are counted when the most telling of several keys is looked for. */
const CROWDS = [1, 4, 16, 64, 256];

/** A rule to be filed. */
export interface Filed {
  readonly subjectId: number;
  readonly ruleId: number;
  readonly expireAt: number;
  /** The import that stages it; 0 = in force at once. */
  readonly importId: number;
}

/** All inside a transaction of the caller's. */
export interface RuleFiling {
  file(rule: Filed, entries: readonly RuleEntry[]): void;
  unfile(subjectId: number, ruleId: number, entries: readonly RuleEntry[]): void;
  /** Whether each way in which the rule has to be found leads to it. */
  isFiled(subjectId: number, ruleId: number, entries: readonly RuleEntry[]): boolean;
  /** Finds the rule by going through all of the subject's: for a rule that cannot be read. */
  unfileUnread(subjectId: number, ruleId: number): void;
}

export function createRuleFiling(connection: Connection): RuleFiling {
  return new SqliteRuleFiling(connection);
}

class SqliteRuleFiling implements RuleFiling {
  readonly #ladders: Ladders;
  readonly #paths: KeyPaths;
  readonly #addKey;
  readonly #findKey;
  readonly #dropKey;
  readonly #dropKeys;
  readonly #nth;

  constructor(connection: Connection) {
    const { db } = connection;
    this.#ladders = createLadders(connection);
    this.#paths = createKeyPaths(connection);
    this.#addKey = db.query<unknown, [number, number, number]>(
      "INSERT OR IGNORE INTO rule_key (subject_id, hash, rule_id) VALUES (?, ?, ?)",
    );
    this.#findKey = db.query<{ rule_id: number }, [number, number, number]>(
      "SELECT rule_id FROM rule_key WHERE subject_id = ? AND hash = ? AND rule_id = ?",
    );
    this.#dropKey = db.query<unknown, [number, number, number]>(
      "DELETE FROM rule_key WHERE subject_id = ? AND hash = ? AND rule_id = ?",
    );
    this.#dropKeys = db.query<unknown, [number, number]>(
      "DELETE FROM rule_key WHERE subject_id = ? AND rule_id = ?",
    );
    this.#nth = db.query<{ rule_id: number }, [number, number, number]>(
      "SELECT rule_id FROM rule_key WHERE subject_id = ? AND hash = ? LIMIT 1 OFFSET ?",
    );
  }

  file(rule: Filed, entries: readonly RuleEntry[]): void {
    const { subjectId, ruleId } = rule;
    for (const entry of entries) {
      this.#paths.note(entry.paths);
      const keys = this.#rarest(subjectId, entry.keySets);
      for (const guard of keys ?? [UNGUARDED]) {
        const isAlone = keys !== undefined && !entry.hasThreshold;
        if (isAlone && !this.#hasAtLeast(subjectId, guard, CROWDED)) {
          this.#addKey.run(subjectId, guard, ruleId);
        } else {
          this.#ladders.add(rule, guard, entry);
        }
      }
    }
  }

  unfile(subjectId: number, ruleId: number, entries: readonly RuleEntry[]): void {
    for (const entry of entries) {
      // Which of its sets it was filed under depended on the rules of that day: look under all.
      for (const guard of [UNGUARDED, ...entry.keySets.flat()]) {
        this.#dropKey.run(subjectId, guard, ruleId);
        this.#ladders.remove(subjectId, ruleId, guard, entry);
      }
    }
  }

  isFiled(subjectId: number, ruleId: number, entries: readonly RuleEntry[]): boolean {
    const isUnder = (guard: number, entry: RuleEntry): boolean =>
      this.#findKey.get(subjectId, guard, ruleId) !== null ||
      this.#ladders.has(subjectId, ruleId, guard, entry);
    return entries.every((entry) =>
      entry.keySets.length === 0
        ? isUnder(UNGUARDED, entry)
        : entry.keySets.some((set) => set.every((guard) => isUnder(guard, entry))),
    );
  }

  unfileUnread(subjectId: number, ruleId: number): void {
    this.#dropKeys.run(subjectId, ruleId);
    this.#ladders.removeUnread(subjectId, ruleId);
  }

  #hasAtLeast(subjectId: number, key: number, count: number): boolean {
    return this.#nth.get(subjectId, key, count - 1) !== null;
  }

  /** The set of keys with the fewest rules under it already. */
  #rarest(subjectId: number, sets: readonly (readonly number[])[]): readonly number[] | undefined {
    if (sets.length < 2) return sets[0];
    let best: readonly number[] | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const set of sets) {
      let crowd = 0;
      for (const key of set) crowd += this.#crowd(subjectId, key);
      if (crowd < fewest) [best, fewest] = [set, crowd];
    }
    return best;
  }

  /** 1 for a key with nobody under it, more for a crowd. */
  #crowd(subjectId: number, key: number): number {
    const steps = CROWDS.findIndex((count) => !this.#hasAtLeast(subjectId, key, count));
    const alone = steps === -1 ? CROWDS.length : steps;
    return 1 + alone + (this.#ladders.hasGuard(subjectId, key) ? CROWDS.length : 0);
  }
}
