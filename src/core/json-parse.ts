/**
 * A strict JSON reader (RFC 8259) for texts that were signed by somebody else: no duplicate names,
 * no lone surrogates, bounded depth, exact integers.
 */
import type { JsonObject, JsonValue } from "./json.ts";
import { SortedMembers } from "./sorted-members.ts";

/** The text is not JSON, or is JSON that two readers could read differently. Never quotes the text. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
  readonly offset: number;
  constructor(what: string, offset: number) {
    super(`${what} at offset ${offset}`);
    this.offset = offset;
  }
}

/** An object and, for each of its members, where the value stands in the text: `[start, end)` in UTF-16 units. */
export interface ParsedObject {
  readonly object: JsonObject;
  readonly spans: ReadonlyMap<string, Span>;
}

type Span = readonly [start: number, end: number];

/** Deeper nesting than any claim set has a use for; bounds the recursion. */
const MAX_DEPTH = 64;

/** A Map is quicker up to about here, and names that were chosen against it cost no more than others. */
const MAX_IN_A_MAP = 32;

/**
 * Parses one JSON text.
 *
 * @throws JsonSyntaxError for anything RFC 8259 does not allow, a name that occurs twice in an object,
 *   an escaped or raw lone surrogate, or nesting deeper than 64.
 */
export function parseJson(text: string): JsonValue {
  return new Reader(text).document();
}

/** Parses a text that must be one JSON object. @throws JsonSyntaxError as parseJson, and for any other type. */
export function parseJsonObject(text: string): ParsedObject {
  return new Reader(text).objectDocument();
}

const TWICE = "a member name occurs twice";
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x22, '"'],
  [0x5c, "\\"],
  [0x2f, "/"],
  [0x62, "\b"],
  [0x66, "\f"],
  [0x6e, "\n"],
  [0x72, "\r"],
  [0x74, "\t"],
]);
const DOT = 0x2e;
const LOWER_E = 0x65;
const UPPER_E = 0x45;
/** So many digits are always below 2^53. */
const SAFE_DIGITS = 15;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const HEX4 = /[0-9a-fA-F]{4}/y;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonValue {
    this.#space();
    const value = this.#value(0);
    this.#end();
    return value;
  }

  objectDocument(): ParsedObject {
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== 0x7b) this.#fail("an object was expected");
    const found: Span[] = [];
    const object = this.#object(0, found);
    this.#end();
    if (object instanceof SortedMembers) return { object, spans: object.withValues(found) };
    const spans = new Map<string, Span>();
    let position = 0;
    for (const name of object.keys()) spans.set(name, found[position++] ?? [0, 0]);
    return { object, spans };
  }

  #fail(what: string): never {
    throw new JsonSyntaxError(what, this.#at);
  }

  #end(): void {
    this.#space();
    if (this.#at !== this.#text.length) this.#fail("the text goes on after its value");
  }

  #space(): void {
    let at = this.#at;
    for (;;) {
      const code = this.#text.charCodeAt(at);
      if (code > 0x20 || (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09)) break;
      at += 1;
    }
    this.#at = at;
  }

  #value(depth: number): JsonValue {
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x7b:
        return this.#object(depth);
      case 0x5b:
        return this.#array(depth);
      case QUOTE:
        return this.#string();
      case 0x74:
        return this.#word("true", true);
      case 0x66:
        return this.#word("false", false);
      case 0x6e:
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  #word<T extends JsonValue>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail("a value was expected");
    this.#at += word.length;
    return value;
  }

  /** Times and counts are short whole numbers, and need no regular expression. */
  #number(): number | bigint {
    const text = this.#text;
    let at = this.#at;
    let value = 0;
    let code = text.charCodeAt(at);
    while (code >= 0x30 && code <= 0x39) {
      value = value * 10 + (code - 0x30);
      at += 1;
      code = text.charCodeAt(at);
    }
    const digits = at - this.#at;
    const isPlain = code !== DOT && code !== LOWER_E && code !== UPPER_E;
    const hasLeadingZero = digits > 1 && text.charCodeAt(this.#at) === 0x30;
    if (digits === 0 || digits > SAFE_DIGITS || !isPlain || hasLeadingZero) {
      return this.#anyNumber();
    }
    this.#at = at;
    return value;
  }

  #anyNumber(): number | bigint {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) return this.#fail("a value was expected");
    this.#at += match[0].length;
    const value = Number(match[0]);
    const isWhole = match[2] === undefined && /^(?:\.0+)?$/.test(match[1] ?? "");
    if (!isWhole || Number.isSafeInteger(value)) return value;
    return BigInt(match[0].split(".", 1)[0] ?? "");
  }

  #object(depth: number, spans?: Span[]): JsonObject {
    if (depth >= MAX_DEPTH) this.#fail("nested too deep");
    this.#at += 1;
    const members = new Map<string, JsonValue>();
    this.#space();
    if (this.#skip(0x7d)) return members;
    while (members.size < MAX_IN_A_MAP) {
      const name = this.#name();
      if (members.has(name)) this.#fail(TWICE);
      const start = this.#at;
      members.set(name, this.#value(depth + 1));
      spans?.push([start, this.#at]);
      if (this.#isLast()) return members;
    }
    return this.#largeObject(depth, members, spans);
  }

  /** Goes on where an object has more members than a Map is given. */
  #largeObject(depth: number, first: JsonObject, spans?: Span[]): JsonObject {
    const names = [...first.keys()];
    const values = [...first.values()];
    const nameEnds: number[] = names.map(() => this.#at);
    do {
      names.push(this.#name());
      nameEnds.push(this.#at);
      const start = this.#at;
      values.push(this.#value(depth + 1));
      spans?.push([start, this.#at]);
    } while (!this.#isLast());
    const members = SortedMembers.of(names, values);
    if (members instanceof SortedMembers) return members;
    this.#at = nameEnds[members] ?? this.#at;
    return this.#fail(TWICE);
  }

  /** A member's name and all up to its value. */
  #name(): string {
    if (this.#text.charCodeAt(this.#at) !== QUOTE) this.#fail("a member name was expected");
    const name = this.#string();
    this.#space();
    if (!this.#skip(0x3a)) this.#fail("a colon was expected");
    this.#space();
    return name;
  }

  /** Tells whether an object ends here; another member's name is next otherwise. */
  #isLast(): boolean {
    this.#space();
    if (this.#skip(0x7d)) return true;
    if (!this.#skip(0x2c)) this.#fail("a comma or a brace was expected");
    this.#space();
    return false;
  }

  #array(depth: number): readonly JsonValue[] {
    if (depth >= MAX_DEPTH) this.#fail("nested too deep");
    this.#at += 1;
    const items: JsonValue[] = [];
    this.#space();
    if (this.#skip(0x5d)) return items;
    for (;;) {
      items.push(this.#value(depth + 1));
      this.#space();
      if (this.#skip(0x5d)) return items;
      if (!this.#skip(0x2c)) this.#fail("a comma or a bracket was expected");
      this.#space();
    }
  }

  #skip(code: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== code) return false;
    this.#at += 1;
    return true;
  }

  /** Most strings hold nothing special, and are a slice of the text. */
  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let at = start;
    let code = text.charCodeAt(at);
    while (code >= 0x20 && code < 0xd800 && code !== QUOTE && code !== BACKSLASH) {
      at += 1;
      code = text.charCodeAt(at);
    }
    if (code !== QUOTE) return this.#anyString();
    this.#at = at + 1;
    return text.slice(start, at);
  }

  #anyString(): string {
    const text = this.#text;
    this.#at += 1;
    let start = this.#at;
    let result = "";
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (code === QUOTE) break;
      if (Number.isNaN(code) || code < 0x20)
        this.#fail("a string holds a control character or has no end");
      if (code === BACKSLASH) {
        result += text.slice(start, this.#at) + this.#escape();
        start = this.#at;
      } else {
        this.#at += 1;
      }
    }
    result += text.slice(start, this.#at);
    if (!result.isWellFormed()) this.#fail("a string holds half a surrogate pair");
    this.#at += 1;
    return result;
  }

  #escape(): string {
    const code = this.#text.charCodeAt(this.#at + 1);
    const plain = ESCAPES.get(code);
    if (plain !== undefined) {
      this.#at += 2;
      return plain;
    }
    HEX4.lastIndex = this.#at + 2;
    const hex = code === 0x75 ? HEX4.exec(this.#text) : null;
    if (hex === null) return this.#fail("an unknown escape");
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(hex[0], 16));
  }
}
