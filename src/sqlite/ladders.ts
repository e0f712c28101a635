/**
 * Ladders: a subject's rules that are alike but for a threshold, strongest first. Only those that can
 * decide (rank 0) are read when a subject is compiled; the others wait behind them (rank 1).
 */
import type { RuleEntry } from "../core/revocation/rule-entries.ts";
import type { Connection } from "./connection.ts";
import type { Filed } from "./rule-filing.ts";
import { createShapes, type Shapes } from "./shapes.ts";

/** How many waiting rules are looked at one by one when a rule before them goes. */
const PROMOTE_LIMIT = 64;

/** All inside a transaction of the caller's. */
export interface Ladders {
  add(rule: Filed, guard: number, entry: RuleEntry): void;
  remove(subjectId: number, ruleId: number, guard: number, entry: RuleEntry): void;
  has(subjectId: number, ruleId: number, guard: number, entry: RuleEntry): boolean;
  /** Finds the rule by going through all of the subject's: for a rule that cannot be read. */
  removeUnread(subjectId: number, ruleId: number): void;
  hasGuard(subjectId: number, guard: number): boolean;
}

export function createLadders(connection: Connection): Ladders {
  return new SqliteLadders(connection);
}

interface Waiting {
  readonly rule_id: number;
  readonly strength: number;
  readonly expire_at: number;
  readonly import_id: number;
}

interface Place {
  readonly subject_id: number;
  readonly guard: number;
  readonly shape_id: number;
}

class SqliteLadders implements Ladders {
  readonly #shapes: Shapes;
  readonly #insert;
  readonly #findStronger;
  readonly #demote;
  readonly #waiting;
  readonly #promote;
  readonly #promoteAll;
  readonly #find;
  readonly #drop;
  readonly #dropUnread;
  readonly #anyOf;

  constructor(connection: Connection) {
    const { db } = connection;
    this.#shapes = createShapes(connection);
    this.#insert = db.query<
      unknown,
      [number, number, number, number, number, number, number, number, number]
    >(
      `INSERT OR IGNORE INTO rule_ladder
        (subject_id, rank, guard, shape_id, strength, rule_id, part, expire_at, import_id)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    // As strong, lasting as long, and in force whenever the other one is.
    this.#findStronger = db.query<
      { rule_id: number },
      [number, number, number, number, number, number]
    >(
      `SELECT rule_id
      FROM rule_ladder
      WHERE subject_id = ?1 AND rank = 0 AND guard = ?2 AND shape_id = ?3
        AND strength >= ?4
        AND (expire_at = 0 OR (?5 <> 0 AND expire_at >= ?5))
        AND (import_id = ?6 OR import_id NOT IN (SELECT id FROM rule_import WHERE state <> 1))
      LIMIT 1`,
    );
    this.#demote = db.query<unknown, [number, number, number, number, number, number]>(
      `UPDATE rule_ladder
      SET rank = 1
      WHERE subject_id = ?1 AND rank = 0 AND guard = ?2 AND shape_id = ?3
        AND strength <= ?4
        AND (?5 = 0 OR (expire_at <> 0 AND expire_at <= ?5))
        AND (?6 = 0 OR import_id = ?6)`,
    );
    this.#waiting = db.query<Waiting, [number, number, number, number]>(
      `SELECT rule_id, strength, expire_at, import_id
      FROM rule_ladder
      WHERE subject_id = ? AND rank = 1 AND guard = ? AND shape_id = ?
      ORDER BY strength DESC, rule_id
      LIMIT ?`,
    );
    this.#promote = db.query<unknown, [number, number, number, number, number]>(
      `UPDATE rule_ladder
      SET rank = 0
      WHERE subject_id = ? AND rank = 1 AND guard = ? AND shape_id = ? AND strength = ?
        AND rule_id = ?`,
    );
    this.#promoteAll = db.query<unknown, [number, number, number]>(
      "UPDATE rule_ladder SET rank = 0 WHERE subject_id = ? AND rank = 1 AND guard = ? AND shape_id = ?",
    );
    this.#find = db.query<{ rank: number }, [number, number, number, number, number]>(
      `SELECT rank
      FROM rule_ladder
      WHERE subject_id = ? AND rank IN (0, 1) AND guard = ? AND shape_id = ? AND strength = ?
        AND rule_id = ?`,
    );
    this.#drop = db.query<{ rank: number }, [number, number, number, number, number]>(
      `DELETE FROM rule_ladder
      WHERE subject_id = ?1 AND rank IN (0, 1) AND guard = ?2 AND shape_id = ?3
        AND strength = ?4 AND rule_id = ?5
      RETURNING rank`,
    );
    this.#dropUnread = db.query<Place, [number, number]>(
      `DELETE FROM rule_ladder
      WHERE subject_id = ? AND rule_id = ?
      RETURNING subject_id, guard, shape_id`,
    );
    this.#anyOf = db.query<{ rule_id: number }, [number, number]>(
      "SELECT rule_id FROM rule_ladder WHERE subject_id = ? AND rank = 0 AND guard = ? LIMIT 1",
    );
  }

  add(rule: Filed, guard: number, entry: RuleEntry): void {
    const { subjectId, ruleId, expireAt, importId } = rule;
    const { strength } = entry;
    const shapeId = this.#shapes.idOf(entry.shape);
    const isDominated =
      this.#findStronger.get(subjectId, guard, shapeId, strength, expireAt, importId) !== null;
    if (!isDominated) this.#demote.run(subjectId, guard, shapeId, strength, expireAt, importId);
    const rank = isDominated ? 1 : 0;
    const { part } = entry;
    this.#insert.run(subjectId, rank, guard, shapeId, strength, ruleId, part, expireAt, importId);
  }

  remove(subjectId: number, ruleId: number, guard: number, entry: RuleEntry): void {
    const shapeId = this.#shapes.idOf(entry.shape);
    const gone = this.#drop.all(subjectId, guard, shapeId, entry.strength, ruleId);
    if (gone.some(({ rank }) => rank === 0)) this.#promoteBehind(subjectId, guard, shapeId);
  }

  has(subjectId: number, ruleId: number, guard: number, entry: RuleEntry): boolean {
    const shapeId = this.#shapes.find(entry.shape);
    if (shapeId === undefined) return false;
    return this.#find.get(subjectId, guard, shapeId, entry.strength, ruleId) !== null;
  }

  removeUnread(subjectId: number, ruleId: number): void {
    for (const gone of this.#dropUnread.all(subjectId, ruleId)) {
      this.#promoteBehind(gone.subject_id, gone.guard, gone.shape_id);
    }
  }

  hasGuard(subjectId: number, guard: number): boolean {
    return this.#anyOf.get(subjectId, guard) !== null;
  }

  /** Lets those decide that waited only for a rule that is gone. */
  #promoteBehind(subjectId: number, guard: number, shapeId: number): void {
    const rows = this.#waiting.all(subjectId, guard, shapeId, PROMOTE_LIMIT);
    for (const { rule_id: ruleId, strength, expire_at: expireAt, import_id: importId } of rows) {
      const args = [subjectId, guard, shapeId, strength] as const;
      if (this.#findStronger.get(...args, expireAt, importId) === null) {
        this.#promote.run(...args, ruleId);
      }
    }
    // Whatever waits behind these may be weaker than all of them and outlast them. One too many of
    // rank 0 costs a comparison; one too few would let a revoked token pass.
    const last = rows.at(-1);
    if (rows.length < PROMOTE_LIMIT || last === undefined) return;
    const isCovered =
      this.#findStronger.get(subjectId, guard, shapeId, last.strength, 0, 0) !== null;
    if (!isCovered) this.#promoteAll.run(subjectId, guard, shapeId);
  }
}
