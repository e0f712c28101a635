/** The global rules, all in memory, changed in place as rules come and go. */
import {
  askLadder,
  askRule,
  type Question,
  type RuleFilter,
  type RuleLoader,
  toRung,
} from "./filter.ts";
import type { RuleEntry } from "./rule-entries.ts";

/** So many rules under one key are asked one by one; further ones of a like shape join a ladder. */
const CROWDED = 4;

interface Ladder {
  /** Strongest first; `strengths` runs beside it. */
  readonly rungs: number[];
  readonly strengths: number[];
}

/** What is filed under one key. */
interface Bucket {
  count: number;
  readonly ids: number[];
  /** Made when needed: most keys have one rule under them. */
  ladders: Map<string, Ladder> | undefined;
}

export class GlobalFilter implements RuleFilter {
  readonly #loader: RuleLoader;
  readonly #rules = new Set<number>();
  readonly #linear = new Set<number>();
  readonly #buckets = new Map<number, Bucket>();
  readonly #unguarded = new Map<string, Ladder>();

  constructor(loader: RuleLoader) {
    this.#loader = loader;
  }

  get size(): number {
    return this.#rules.size;
  }

  /** Rules with a part that no equality member narrows, so that it has to be tried on each token. */
  get linear(): number {
    return this.#linear.size;
  }

  /** A rough figure for metrics. */
  get bytes(): number {
    return this.#rules.size * 400;
  }

  insert(id: number, entries: readonly RuleEntry[]): void {
    this.#rules.add(id);
    for (const entry of entries) {
      const set = this.#rarest(entry.keySets);
      if (set === undefined) {
        this.#linear.add(id);
        climb(this.#unguarded, id, entry);
      } else {
        for (const key of set) this.#file(key, id, entry);
      }
    }
  }

  remove(id: number, entries: readonly RuleEntry[]): void {
    if (!this.#rules.delete(id)) return;
    this.#linear.delete(id);
    for (const entry of entries) {
      leave(this.#unguarded, id, entry);
      for (const key of entry.keySets.flat()) this.#unfile(key, id, entry);
    }
  }

  find(question: Question): number | undefined {
    for (let i = 0; i < question.keyCount; i++) {
      const bucket = this.#buckets.get(question.keys[i] ?? 0);
      if (bucket === undefined) continue;
      for (const id of bucket.ids) {
        if (askRule(id, question, this.#loader) === "matches") return id;
      }
      if (bucket.ladders === undefined) continue;
      const found = this.#askLadders(bucket.ladders, question);
      if (found !== undefined) return found;
    }
    return this.#askLadders(this.#unguarded, question);
  }

  #askLadders(ladders: ReadonlyMap<string, Ladder>, question: Question): number | undefined {
    for (const ladder of ladders.values()) {
      const found = askLadder(ladder.rungs, question, this.#loader);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #file(key: number, id: number, entry: RuleEntry): void {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = { count: 0, ids: [], ladders: undefined };
      this.#buckets.set(key, bucket);
    }
    bucket.count++;
    if (!entry.hasThreshold && bucket.ids.length < CROWDED) bucket.ids.push(id);
    else climb((bucket.ladders ??= new Map()), id, entry);
  }

  #unfile(key: number, id: number, entry: RuleEntry): void {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return;
    const at = bucket.ids.indexOf(id);
    if (at !== -1) bucket.ids.splice(at, 1);
    const { ladders } = bucket;
    if (at !== -1 || (ladders !== undefined && leave(ladders, id, entry))) bucket.count--;
    if (bucket.ids.length === 0 && (ladders?.size ?? 0) === 0) this.#buckets.delete(key);
  }

  /** The set of keys that the fewest rules are filed under: the most telling member. */
  #rarest(sets: readonly (readonly number[])[]): readonly number[] | undefined {
    let best: readonly number[] | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const set of sets) {
      let rules = 0;
      for (const key of set) rules += 1 + (this.#buckets.get(key)?.count ?? 0);
      if (rules < fewest) [best, fewest] = [set, rules];
    }
    return best;
  }
}

function climb(ladders: Map<string, Ladder>, id: number, entry: RuleEntry): void {
  let ladder = ladders.get(entry.shape);
  if (ladder === undefined) {
    ladder = { rungs: [], strengths: [] };
    ladders.set(entry.shape, ladder);
  }
  let low = 0;
  let high = ladder.rungs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ladder.strengths[middle] ?? 0) >= entry.strength) low = middle + 1;
    else high = middle;
  }
  ladder.rungs.splice(low, 0, toRung(id, entry.part));
  ladder.strengths.splice(low, 0, entry.strength);
}

/** Takes a rule off its ladder; false when it was not on it. */
function leave(ladders: Map<string, Ladder>, id: number, entry: RuleEntry): boolean {
  const ladder = ladders.get(entry.shape);
  const at = ladder?.rungs.indexOf(toRung(id, entry.part)) ?? -1;
  if (ladder === undefined || at === -1) return false;
  ladder.rungs.splice(at, 1);
  ladder.strengths.splice(at, 1);
  if (ladder.rungs.length === 0) ladders.delete(entry.shape);
  return true;
}
