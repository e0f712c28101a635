/**
 * The judging path: finds a rule that matches a token among any number of rules. Global rules are in
 * memory; a subject's are compiled when first asked for, kept in bounded memory, and dropped by the
 * journal.
 */
import { LRUCache } from "lru-cache";
import { AppError } from "../app-error.ts";
import type { JsonObject } from "../json.ts";
import { ClaimKeys } from "./claim-hash.ts";
import { createDiskFilter } from "./disk-filter.ts";
import { askRule, type LoadedRule, type Question, type RuleFilter } from "./filter.ts";
import { GlobalFilter } from "./global-filter.ts";
import { RuleCache } from "./rule-cache.ts";
import { type RuleEntry, ruleEntries } from "./rule-entries.ts";
import type { RuleRows } from "./rule-rows.ts";
import type { Change, IndexCounts, RevocationIndex, RuleMatch } from "./store.ts";
import { createSubjectFilter } from "./subject-filter.ts";
import { withDigest } from "./token-digest.ts";

export interface RuleIndexOptions {
  /** Memory for compiled subjects; the least recently used are dropped beyond it. */
  readonly subjectBytes: number;
  /** Memory for parsed rules. */
  readonly ruleBytes: number;
  /** Entries beyond which a subject is looked up on disk instead of compiled. */
  readonly subjectEntries: number;
}

export const RULE_INDEX_DEFAULTS: RuleIndexOptions = {
  subjectBytes: 128 * 1024 * 1024,
  ruleBytes: 24 * 1024 * 1024,
  subjectEntries: 8192,
};

/** Rules or journal entries read at a time: a few milliseconds. */
const CHUNK = 500;

/** For a subject without rules: remembered, so that the store is asked once. */
const NO_RULES: RuleFilter = { find: () => undefined, bytes: 160 };

/** An index over local rows. It answers only after `load`, and knows changes only by `advance`. */
export class RuleIndex implements RevocationIndex {
  readonly #rows: RuleRows;
  readonly #subjectEntries: number;
  readonly #cache: RuleCache;
  readonly #subjects: LRUCache<string, RuleFilter>;
  readonly #keys = new ClaimKeys();
  #globals: GlobalFilter;
  #lastGlobalId = 0;
  #subjectRules = 0;
  #usesDigest = false;
  /** Hashes of the paths that rules are filed by: a token's other claims are not looked at. */
  readonly #paths = new Set<number>();
  #lastPathId = 0;
  #epoch = "";
  #seq = 0;
  #loaded = false;
  /** Set when a change could not be taken in: nothing is judged until it is. */
  #isBehind = false;

  constructor(rows: RuleRows, options: Partial<RuleIndexOptions> = {}) {
    const { subjectBytes, ruleBytes, subjectEntries } = { ...RULE_INDEX_DEFAULTS, ...options };
    this.#rows = rows;
    this.#subjectEntries = subjectEntries;
    this.#cache = new RuleCache(rows, ruleBytes);
    this.#globals = new GlobalFilter(this.#cache);
    this.#subjects = new LRUCache({
      maxSize: subjectBytes,
      sizeCalculation: (filter, subject) => filter.bytes + subject.length * 2,
    });
  }

  get epoch(): string {
    return this.#epoch;
  }

  get seq(): number {
    return this.#seq;
  }

  /**
   * Reads the global rules, all of them parsed, so that an unreadable one is known from the start.
   * @param pause awaited every few milliseconds of work
   */
  async load(pause: () => Promise<void>): Promise<void> {
    this.#loaded = false;
    this.#globals = new GlobalFilter(this.#cache);
    this.#lastGlobalId = 0;
    this.#paths.clear();
    this.#lastPathId = 0;
    this.#cache.clear();
    this.#subjects.clear();
    this.#epoch = this.#rows.readEpoch();
    // Before the rows: what is written meanwhile is met again by `advance`.
    this.#seq = this.#rows.readSeq();
    this.#refresh();
    while (this.#readGlobals()) await pause();
    this.#loaded = this.advance();
  }

  /**
   * Takes in what the journal says has changed since.
   * @returns false when the journal does not reach back so far, or the store is another one: `load`
   */
  advance(): boolean {
    this.#isBehind = true;
    if (this.#rows.readEpoch() !== this.#epoch) return false;
    for (;;) {
      const changes = this.#rows.readChanges(this.#seq, CHUNK);
      if (changes === undefined) return false;
      for (const change of changes) this.#apply(change);
      if (changes.length < CHUNK) break;
    }
    this.#isBehind = false;
    return true;
  }

  /** Lets go of rules that have ended by themselves and will not come back. */
  drop(globalRuleIds: readonly number[]): void {
    for (const id of globalRuleIds) this.#forget(id, true);
    this.#refresh();
  }

  /** Takes in rules that an import has staged for these subjects; not in force until it commits. */
  takeInStaged(subjects: Iterable<string>): void {
    this.#refresh();
    for (const subject of subjects) this.#subjects.delete(subject);
    while (this.#readGlobals());
  }

  findMatch(
    claims: JsonObject,
    subjects: readonly string[],
    issuer: string | undefined,
    nowSeconds: number,
    digest?: () => string,
  ): RuleMatch | undefined {
    if (!this.#loaded) throw new AppError("unavailable", "the rules are still being loaded");
    if (this.#isBehind && !this.advance()) {
      throw new AppError("unavailable", "the store was exchanged: its rules are to be loaded anew");
    }
    if (this.#globals.size === 0 && this.#subjectRules === 0) return undefined;
    const seen = this.#usesDigest ? withDigest(claims, digest?.()) : claims;
    this.#keys.collect(seen, this.#paths);
    const { keys, count: keyCount } = this.#keys;
    const question: Question = { claims: seen, issuer, nowSeconds, keys, keyCount };
    const found = this.#globals.find(question);
    if (found !== undefined) return { ruleId: found, scope: "global" };
    if (this.#subjectRules === 0) return undefined;
    for (const subject of subjects) {
      const ruleId =
        this.#findUnreadable(subject, question) ?? this.#filterOf(subject).find(question);
      if (ruleId !== undefined) return { ruleId, scope: "subject" };
    }
    return undefined;
  }

  ready(): readonly string[] {
    if (!this.#loaded) return ["the rules are still being loaded"];
    const problems: string[] = [];
    for (const row of this.#cache.unreadable.values()) {
      if (row.subject === undefined && !this.#cache.isHidden(row.importId)) {
        problems.push(`global rule ${row.id} cannot be read by this version`);
      }
    }
    return problems;
  }

  counts(): IndexCounts {
    return {
      globalRules: this.#globals.size,
      globalLinearRules: this.#globals.linear,
      subjectRules: this.#subjectRules,
      unreadableRules: this.#cache.unreadable.size,
      cachedSubjects: this.#subjects.size,
      cachedBytes: this.#subjects.calculatedSize + this.#cache.bytes,
    };
  }

  /** Counts a change as taken in only at the end: one that fails is met again. */
  #apply(change: Change): void {
    if (change.kind !== "keys_changed") this.#takeIn(change);
    this.#seq = change.seq;
  }

  #takeIn(change: Change): void {
    if (change.subject !== undefined) this.#subjects.delete(change.subject);
    if (change.scope === "all") this.#subjects.clear();
    if (change.kind === "rule_lifted" && change.ruleId !== undefined) {
      this.#forget(change.ruleId, change.scope === "global");
    }
    this.#refresh();
    while (this.#readGlobals());
  }

  #forget(id: number, isGlobal: boolean): void {
    this.#cache.forget(id);
    if (!isGlobal) return;
    const row = this.#rows.readFormerRule(id);
    this.#globals.remove(id, row === undefined ? [] : entriesOf(this.#cache.read(row)));
    this.#cache.forget(id);
  }

  #refresh(): void {
    this.#cache.refresh();
    this.#subjectRules = this.#rows.countSubjectRules();
    this.#usesDigest = this.#rows.usesDigest();
    for (const { id, hash } of this.#rows.readKeyPaths(this.#lastPathId)) {
      this.#paths.add(hash);
      this.#lastPathId = id;
    }
  }

  /** Takes in the next few global rules. @returns false when there are no more */
  #readGlobals(): boolean {
    const rows = this.#rows.readGlobalRules(this.#lastGlobalId, CHUNK);
    for (const row of rows) {
      const entries = entriesOf(this.#cache.read(row));
      for (const entry of entries) for (const path of entry.paths) this.#paths.add(path);
      this.#globals.insert(row.id, entries);
      this.#lastGlobalId = row.id;
    }
    return rows.length === CHUNK;
  }

  #findUnreadable(subject: string, question: Question): number | undefined {
    if (this.#cache.unreadable.size === 0) return undefined;
    for (const row of this.#cache.unreadable.values()) {
      if (row.subject === subject && askRule(row.id, question, this.#cache) === "matches") {
        return row.id;
      }
    }
    return undefined;
  }

  #filterOf(subject: string): RuleFilter {
    const known = this.#subjects.get(subject);
    if (known !== undefined) return known;
    const filter = this.#compile(this.#rows.findSubjectId(subject));
    this.#subjects.set(subject, filter);
    return filter;
  }

  #compile(subjectId: number | undefined): RuleFilter {
    if (subjectId === undefined) return NO_RULES;
    const entries = this.#rows.readSubjectEntries(subjectId, this.#subjectEntries);
    if (entries === undefined) return createDiskFilter(subjectId, this.#rows, this.#cache);
    if (entries.keys.length === 0 && entries.rungs.length === 0) return NO_RULES;
    return createSubjectFilter(entries, this.#cache);
  }
}

/** What cannot be read cannot be filed under anything: for a global rule `ready` says so instead. */
function entriesOf(rule: LoadedRule): readonly RuleEntry[] {
  return rule.condition === undefined ? [] : ruleEntries(rule.condition, undefined);
}
