/** Files a subject's rule under the keys it is found by, and takes it out again. */
import type { RuleEntry } from "../core/revocation/rule-entries.ts";
import { UNGUARDED } from "../core/revocation/rule-rows.ts";
import type { Connection } from "./connection.ts";

/** So many rules under one key stand alone; further ones join ladders, so that alike ones merge. */
const CROWDED = 4;

/** How far rules under a key are counted when the most telling of several keys is looked for. */
const COUNT_LIMIT = 64;

/** Digests of shapes kept in memory; imports come in runs of a few shapes. */
const KNOWN_SHAPES = 4096;

/** Both inside a transaction of the caller's. */
export interface RuleFiling {
  file(subjectId: number, ruleId: number, expireAt: number, entries: readonly RuleEntry[]): void;
  unfile(subjectId: number, ruleId: number, entries: readonly RuleEntry[]): void;
  /** Finds the rule by going through all of the subject's: for a rule that cannot be read. */
  unfileUnread(subjectId: number, ruleId: number): void;
  /** Forgets what a transaction that was undone may have taught it. */
  forget(): void;
}

export function createRuleFiling(connection: Connection): RuleFiling {
  return new SqliteRuleFiling(connection);
}

class SqliteRuleFiling implements RuleFiling {
  readonly #shapes = new Map<string, number>();
  readonly #addKey;
  readonly #addLadder;
  readonly #dropKey;
  readonly #dropLadder;
  readonly #dropKeys;
  readonly #dropLadders;
  readonly #countKeys;
  readonly #countLadders;
  readonly #findShape;
  readonly #addShape;

  constructor({ db }: Connection) {
    this.#addKey = db.query<unknown, [number, number, number]>(
      "INSERT OR IGNORE INTO rule_key (subject_id, hash, rule_id) VALUES (?, ?, ?)",
    );
    this.#addLadder = db.query<unknown, [number, number, number, number, number, number]>(
      `INSERT OR IGNORE INTO rule_ladder
        (subject_id, guard, shape_id, strength, rule_id, expire_at)
      VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#dropKey = db.query<unknown, [number, number, number]>(
      "DELETE FROM rule_key WHERE subject_id = ? AND hash = ? AND rule_id = ?",
    );
    this.#dropLadder = db.query<unknown, [number, number, number, number, number]>(
      `DELETE FROM rule_ladder
      WHERE subject_id = ? AND guard = ? AND shape_id = ? AND strength = ? AND rule_id = ?`,
    );
    this.#dropKeys = db.query<unknown, [number, number]>(
      "DELETE FROM rule_key WHERE subject_id = ? AND rule_id = ?",
    );
    this.#dropLadders = db.query<unknown, [number, number]>(
      "DELETE FROM rule_ladder WHERE subject_id = ? AND rule_id = ?",
    );
    this.#countKeys = db.query<{ count: number }, [number, number, number]>(
      `SELECT count(*) AS count
      FROM (SELECT 1 FROM rule_key WHERE subject_id = ? AND hash = ? LIMIT ?)`,
    );
    this.#countLadders = db.query<{ count: number }, [number, number, number]>(
      `SELECT count(*) AS count
      FROM (SELECT 1 FROM rule_ladder WHERE subject_id = ? AND guard = ? LIMIT ?)`,
    );
    this.#findShape = db.query<{ id: number }, [Uint8Array]>(
      "SELECT id FROM shape WHERE digest = ?",
    );
    this.#addShape = db.query<{ id: number }, [Uint8Array]>(
      "INSERT INTO shape (digest) VALUES (?) RETURNING id",
    );
  }

  file(subjectId: number, ruleId: number, expireAt: number, entries: readonly RuleEntry[]): void {
    for (const entry of entries) {
      const keys = this.#rarest(subjectId, entry.keySets);
      for (const guard of keys ?? [UNGUARDED]) {
        if (keys !== undefined && !entry.hasThreshold && !this.#isCrowded(subjectId, guard)) {
          this.#addKey.run(subjectId, guard, ruleId);
        } else {
          const shapeId = this.#shapeId(entry.shape);
          this.#addLadder.run(subjectId, guard, shapeId, entry.strength, ruleId, expireAt);
        }
      }
    }
  }

  unfile(subjectId: number, ruleId: number, entries: readonly RuleEntry[]): void {
    for (const entry of entries) {
      const shapeId = this.#shapeId(entry.shape);
      // Which of its sets it was filed under depended on the rules of that day: look under all.
      for (const guard of [UNGUARDED, ...entry.keySets.flat()]) {
        this.#dropKey.run(subjectId, guard, ruleId);
        this.#dropLadder.run(subjectId, guard, shapeId, entry.strength, ruleId);
      }
    }
  }

  unfileUnread(subjectId: number, ruleId: number): void {
    this.#dropKeys.run(subjectId, ruleId);
    this.#dropLadders.run(subjectId, ruleId);
  }

  forget(): void {
    this.#shapes.clear();
  }

  #isCrowded(subjectId: number, key: number): boolean {
    return (this.#countKeys.get(subjectId, key, CROWDED)?.count ?? 0) >= CROWDED;
  }

  #rarest(subjectId: number, sets: readonly (readonly number[])[]): readonly number[] | undefined {
    if (sets.length < 2) return sets[0];
    let best: readonly number[] | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const set of sets) {
      let rules = 0;
      for (const key of set) {
        rules += 1 + (this.#countKeys.get(subjectId, key, COUNT_LIMIT)?.count ?? 0);
        rules += this.#countLadders.get(subjectId, key, COUNT_LIMIT)?.count ?? 0;
        if (rules >= fewest) break;
      }
      if (rules < fewest) [best, fewest] = [set, rules];
    }
    return best;
  }

  #shapeId(shape: string): number {
    const known = this.#shapes.get(shape);
    if (known !== undefined) return known;
    const digest = Uint8Array.fromHex(shape);
    const row = this.#findShape.get(digest) ?? this.#addShape.get(digest);
    if (row === null) throw new TypeError("a shape got no id");
    if (this.#shapes.size >= KNOWN_SHAPES) this.#shapes.clear();
    this.#shapes.set(shape, row.id);
    return row.id;
  }
}
