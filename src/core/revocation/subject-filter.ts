/** One subject's rules in a few bytes each: sorted keys, searched for every claim of a token. */
import { matchesCondition } from "./evaluate.ts";
import {
  askLadder,
  askRule,
  type Question,
  type RuleFilter,
  type RuleLoader,
  ruleOfRung,
  type SharedPart,
} from "./filter.ts";
import { type SubjectEntries, UNGUARDED } from "./rule-rows.ts";

/** What an entry in an lru-cache and two arrays cost beside their content, roughly. */
const OVERHEAD_BYTES = 320;
const RUNG_BYTES = 160;

/**
 * Compiles a subject's entries; nothing is parsed. Never changed afterwards: when the subject's
 * rules change it is dropped and made anew.
 */
export function createSubjectFilter(entries: SubjectEntries, loader: RuleLoader): RuleFilter {
  return new SubjectFilter(entries, loader);
}

/** A rule that is tried on every token of the subject. */
interface Rung {
  readonly rung: number;
  readonly shapeId: number;
  readonly strength: number;
  readonly expireAt: number;
  readonly importId: number;
  /** Looked up when first asked. */
  part: SharedPart | undefined;
}

class SubjectFilter implements RuleFilter {
  readonly #loader: RuleLoader;
  readonly #keys: Uint32Array;
  /** Beside each key a rule's id, or -1 - n for ladder n. */
  readonly #targets: Float64Array;
  readonly #ladders: (readonly number[])[] = [];
  readonly #unguarded: (readonly Rung[])[] = [];
  readonly bytes: number;

  constructor(entries: SubjectEntries, loader: RuleLoader) {
    this.#loader = loader;
    const guarded: (readonly [guard: number, target: number])[] = [];
    for (const [guard, from, to] of laddersOf(entries)) {
      if (guard === UNGUARDED) this.#unguarded.push(rungsOf(entries, from, to));
      else guarded.push([guard, this.#targetOf(entries.rungs.slice(from, to))]);
    }
    const count = entries.keys.length + guarded.length;
    this.#keys = new Uint32Array(count);
    this.#targets = new Float64Array(count);
    let next = 0;
    for (let at = 0; at < count; at++) {
      const key = entries.keys[at - next] ?? Number.POSITIVE_INFINITY;
      const ladder = guarded[next];
      const takesLadder = ladder !== undefined && ladder[0] < key;
      this.#keys[at] = takesLadder ? ladder[0] : key;
      this.#targets[at] = takesLadder ? ladder[1] : (entries.ruleIds[at - next] ?? 0);
      if (takesLadder) next++;
    }
    const ladders = this.#ladders.length * 48 + this.#unguarded.length * RUNG_BYTES;
    this.bytes = OVERHEAD_BYTES + count * 12 + entries.rungs.length * 8 + ladders;
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
      const found = this.#askRungs(ladder, question);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A ladder of one is asked like any rule. */
  #targetOf(rungs: readonly number[]): number {
    const [only] = rungs;
    if (rungs.length === 1 && only !== undefined) return ruleOfRung(only);
    return -this.#ladders.push(rungs);
  }

  #ask(target: number, question: Question): number | undefined {
    if (target < 0) return askLadder(this.#ladders[-1 - target] ?? [], question, this.#loader);
    return askRule(target, question, this.#loader) === "matches" ? target : undefined;
  }

  /** As `askLadder`, without a rule of the subject's own having to be parsed and kept. */
  #askRungs(rungs: readonly Rung[], question: Question): number | undefined {
    for (const one of rungs) {
      if (one.expireAt !== 0 && one.expireAt <= question.nowSeconds) continue;
      if (one.importId !== 0 && this.#loader.isHidden(one.importId)) continue;
      one.part ??= this.#loader.part(one.rung, one.shapeId, one.strength);
      if (one.part === undefined) continue;
      const { issuer, condition } = one.part;
      if (issuer !== undefined && issuer !== question.issuer) continue;
      const isFound = condition === undefined || matchesCondition(condition, question.claims);
      return isFound ? ruleOfRung(one.rung) : undefined;
    }
    return undefined;
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

function rungsOf(entries: SubjectEntries, from: number, to: number): readonly Rung[] {
  return entries.rungs.slice(from, to).map((rung, n) => ({
    rung,
    shapeId: entries.shapeIds[from + n] ?? 0,
    strength: entries.strengths[from + n] ?? 0,
    expireAt: entries.expireAts[from + n] ?? 0,
    importId: entries.importIds[from + n] ?? 0,
    part: undefined,
  }));
}

function* laddersOf({
  guards,
  shapeIds,
  rungs,
}: SubjectEntries): Generator<readonly [guard: number, from: number, to: number]> {
  for (let from = 0, to = 1; from < rungs.length; from = to, to++) {
    const guard = guards[from];
    while (to < rungs.length && guards[to] === guard && shapeIds[to] === shapeIds[from]) to++;
    yield [guard ?? UNGUARDED, from, to];
  }
}
