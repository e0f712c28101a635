/** The rules of a subject that has too many to hold in memory: looked up in the store each time. */
import { askLadder, askRule, type Question, type RuleFilter, type RuleLoader } from "./filter.ts";
import { type RuleRows, UNGUARDED } from "./rule-rows.ts";

const LADDER_STEP = 16;

export function createDiskFilter(
  subjectId: number,
  rows: RuleRows,
  loader: RuleLoader,
): RuleFilter {
  return new DiskFilter(subjectId, rows, loader);
}

class DiskFilter implements RuleFilter {
  readonly bytes = 256;
  readonly #subjectId: number;
  readonly #rows: RuleRows;
  readonly #loader: RuleLoader;

  constructor(subjectId: number, rows: RuleRows, loader: RuleLoader) {
    this.#subjectId = subjectId;
    this.#rows = rows;
    this.#loader = loader;
  }

  find(question: Question): number | undefined {
    for (let i = 0; i < question.keyCount; i++) {
      const key = question.keys[i] ?? 0;
      for (const id of this.#rows.findByKey(this.#subjectId, key)) {
        if (askRule(id, question, this.#loader) === "matches") return id;
      }
      const found = this.#askLadders(key, question);
      if (found !== undefined) return found;
    }
    return this.#askLadders(UNGUARDED, question);
  }

  #askLadders(guard: number, question: Question): number | undefined {
    let shapeId = this.#rows.nextLadder(this.#subjectId, guard, 0);
    while (shapeId !== undefined) {
      const found = askLadder(this.#ladder(guard, shapeId), question, this.#loader);
      if (found !== undefined) return found;
      shapeId = this.#rows.nextLadder(this.#subjectId, guard, shapeId);
    }
    return undefined;
  }

  *#ladder(guard: number, shapeId: number): Generator<number> {
    for (let offset = 0; ; offset += LADDER_STEP) {
      const ids = this.#rows.readLadder(this.#subjectId, guard, shapeId, offset, LADDER_STEP);
      yield* ids;
      if (ids.length < LADDER_STEP) return;
    }
  }
}
