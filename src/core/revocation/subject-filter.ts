/** One subject's rules in a few bytes each: sorted keys, searched for every claim of a token. */
import { askLadder, askRule, type Question, type RuleFilter, type RuleLoader } from "./filter.ts";
import { type LadderRow, type SubjectEntries, UNGUARDED } from "./rule-rows.ts";

/** What an entry in an lru-cache and two arrays cost beside their content, roughly. */
const OVERHEAD_BYTES = 320;

/**
 * Compiles a subject's entries; nothing is parsed. Never changed afterwards: when the subject's
 * rules change it is dropped and made anew.
 */
export function createSubjectFilter(entries: SubjectEntries, loader: RuleLoader): RuleFilter {
  return new SubjectFilter(entries, loader);
}

class SubjectFilter implements RuleFilter {
  readonly #loader: RuleLoader;
  readonly #keys: Uint32Array;
  /** Beside each key a rule's id, or -1 - n for ladder n. */
  readonly #targets: Float64Array;
  readonly #ladders: (readonly number[])[] = [];
  readonly #unguarded: (readonly number[])[] = [];
  readonly bytes: number;

  constructor(entries: SubjectEntries, loader: RuleLoader) {
    this.#loader = loader;
    const guarded: (readonly [guard: number, target: number])[] = [];
    let ladderIds = 0;
    for (const [guard, ids] of laddersOf(entries.ladders)) {
      ladderIds += ids.length;
      if (guard === UNGUARDED) this.#unguarded.push(ids);
      else guarded.push([guard, -this.#ladders.push(ids)]);
    }
    const count = entries.keys.length + guarded.length;
    this.#keys = new Uint32Array(count);
    this.#targets = new Float64Array(count);
    let next = 0;
    for (let at = 0; at < count; at++) {
      const key = entries.keys[at - next];
      const ladder = guarded[next];
      const takesLadder = ladder !== undefined && (key === undefined || ladder[0] < key[0]);
      if (takesLadder) next++;
      const [value, target] = (takesLadder ? ladder : key) ?? [0, 0];
      this.#keys[at] = value;
      this.#targets[at] = target;
    }
    this.bytes =
      OVERHEAD_BYTES +
      count * 12 +
      ladderIds * 8 +
      (this.#ladders.length + this.#unguarded.length) * 48;
  }

  find(question: Question): number | undefined {
    for (let i = 0; i < question.keyCount; i++) {
      const key = question.keys[i] ?? 0;
      for (let at = this.#lowerBound(key); this.#keys[at] === key; at++) {
        const found = this.#ask(this.#targets[at] ?? 0, question);
        if (found !== undefined) return found;
      }
    }
    for (const ladder of this.#unguarded) {
      const found = askLadder(ladder, question, this.#loader);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #ask(target: number, question: Question): number | undefined {
    if (target < 0) return askLadder(this.#ladders[-1 - target] ?? [], question, this.#loader);
    return askRule(target, question, this.#loader) === "matches" ? target : undefined;
  }

  #lowerBound(key: number): number {
    const keys = this.#keys;
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] ?? 0) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function* laddersOf(
  rows: readonly LadderRow[],
): Generator<readonly [guard: number, ids: readonly number[]]> {
  let ids: number[] = [];
  for (const [at, [guard, shapeId, ruleId]] of rows.entries()) {
    ids.push(ruleId);
    const following = rows[at + 1];
    if (following === undefined || following[0] !== guard || following[1] !== shapeId) {
      yield [guard, ids];
      ids = [];
    }
  }
}
