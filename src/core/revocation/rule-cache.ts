/** Parsed rules by id, in bounded memory; and which rules cannot be read. */
import { LRUCache } from "lru-cache";
import { AppError } from "../app-error.ts";
import {
  isWholeRule,
  type LoadedRule,
  partOf,
  type RuleLoader,
  ruleOfRung,
  type SharedPart,
} from "./filter.ts";
import { parseRule } from "./parse-rule.ts";
import { type CompilePattern, createPatternCache } from "./pattern.ts";
import type { RuleRow, RuleRows } from "./rule-rows.ts";
import { ruleParts } from "./rule-entries.ts";
import { type Rule, RULE_FORMAT } from "./rule.ts";

/** Patterns that rules share are compiled once; each holds memory of its own while it is in use. */
const KNOWN_PATTERNS = 256;

/** Whole numbers below this have at most fifteen digits, which every text of a double keeps. */
const EXACT_STRENGTH = 1e15;

/** Parts of rules that subjects share; what is dropped is parsed again for the next subject. */
const KNOWN_PARTS = 1024;

export class RuleCache implements RuleLoader {
  readonly #rows: RuleRows;
  readonly #rules: LRUCache<number, LoadedRule & { readonly bytes: number }>;
  readonly #patterns = createPatternCache(KNOWN_PATTERNS);
  readonly #parts = new LRUCache<string, SharedPart>({ max: KNOWN_PARTS });
  readonly #unreadable = new Map<number, RuleRow>();
  #hidden: ReadonlySet<number> = new Set();
  /** Imports that are in force, as far as asked about: they stay so. */
  readonly #shown = new Set<number>();

  constructor(rows: RuleRows, maxBytes: number) {
    this.#rows = rows;
    this.#rules = new LRUCache({ maxSize: maxBytes, sizeCalculation: (rule) => rule.bytes });
  }

  get bytes(): number {
    return this.#rules.calculatedSize;
  }

  /** Rules that this version cannot read, as far as known: each refuses its whole scope. */
  get unreadable(): ReadonlyMap<number, RuleRow> {
    return this.#unreadable;
  }

  /** One that began since the last `refresh` is looked up: no journal entry tells of it before it ends. */
  isHidden(importId: number): boolean {
    if (this.#hidden.has(importId)) return true;
    if (this.#shown.has(importId)) return false;
    this.#hidden = this.#rows.readHiddenImports();
    if (this.#hidden.has(importId)) return true;
    this.#shown.add(importId);
    return false;
  }

  rule(id: number): LoadedRule | undefined {
    // Which rules were used last is not worth keeping: it costs more than evaluating one.
    const known = this.#rules.peek(id);
    if (known !== undefined) return known;
    const row = this.#rows.readRule(id);
    if (row === undefined) return undefined;
    return this.read(row);
  }

  part(rung: number, shapeId: number, strength: number): SharedPart | undefined {
    // A strength that a database's text may have rounded does not say which threshold it is.
    const isExact = Number.isInteger(strength) && Math.abs(strength) < EXACT_STRENGTH;
    const isShared = isExact && !isWholeRule(rung);
    const key = isShared ? `${shapeId} ${strength}` : `rung ${rung}`;
    const known = this.#parts.get(key);
    if (known !== undefined) return known;
    const rule = this.rule(ruleOfRung(rung));
    if (rule === undefined) return undefined;
    const part = { issuer: rule.issuer, condition: partOf(rule, rung) };
    if (part.condition !== undefined) this.#parts.set(key, part);
    return part;
  }

  /** Parses a row and keeps it; remembers it as unreadable when that fails. */
  read(row: RuleRow): LoadedRule {
    const { id, issuer, expireAt, importId } = row;
    const condition =
      row.format === RULE_FORMAT ? tryParse(row.text, this.#patterns)?.condition : undefined;
    if (condition === undefined) this.#unreadable.set(id, row);
    // A parsed rule was measured at about eight times its text.
    const bytes = 400 + row.text.length * 8;
    const parts = condition === undefined ? [] : ruleParts(condition).slice(0, 255);
    const rule = { id, issuer, expireAt, importId, condition, parts, bytes };
    this.#rules.set(id, rule);
    return rule;
  }

  forget(id: number): void {
    this.#rules.delete(id);
    this.#unreadable.delete(id);
  }

  /** Reads anew which imports are hidden and which rules are known to be unreadable. */
  refresh(): void {
    this.#hidden = this.#rows.readHiddenImports();
    for (const row of this.#rows.readUnreadable()) this.read(row);
  }

  clear(): void {
    this.#shown.clear();
    this.#parts.clear();
    this.#rules.clear();
    this.#unreadable.clear();
  }
}

function tryParse(text: string, compile: CompilePattern): Rule | undefined {
  try {
    return parseRule(text, compile);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
