/** Reads JSON into a tree that knows where everything stood and keeps numbers as they were written. */

/** One value; `at` and `end` are offsets in the text. */
export type JsonNode =
  | {
      readonly kind: "object";
      readonly members: readonly JsonMember[];
      readonly at: number;
      readonly end: number;
    }
  | {
      readonly kind: "array";
      readonly items: readonly JsonNode[];
      readonly at: number;
      readonly end: number;
    }
  | { readonly kind: "string"; readonly value: string; readonly at: number; readonly end: number }
  | { readonly kind: "number"; readonly text: string; readonly at: number; readonly end: number }
  | {
      readonly kind: "word";
      readonly value: boolean | null;
      readonly at: number;
      readonly end: number;
    };

export interface JsonMember {
  readonly name: string;
  readonly nameAt: number;
  readonly value: JsonNode;
}

/** Where a text stops being JSON, and what was expected there. */
export interface JsonProblem {
  readonly at: number;
  readonly message: string;
}

const MAX_DEPTH = 64;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const SPACE = /[ \t\r\n]*/y;
const WORDS: readonly (readonly [string, boolean | null])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];

class Stop extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** Parses one JSON text (RFC 8259); a name that occurs twice in an object is a problem. */
export function parseJsonTree(text: string): JsonNode | JsonProblem {
  try {
    const reader = createReader(text);
    const value = reader.value(0);
    reader.end();
    return value;
  } catch (error) {
    if (error instanceof Stop) return { at: error.at, message: error.message };
    throw error;
  }
}

/** Tells a problem from a tree. */
export function isJsonProblem(outcome: JsonNode | JsonProblem): outcome is JsonProblem {
  return "message" in outcome;
}

/** A place as people count it: lines and columns from 1. */
export function toPlace(
  text: string,
  at: number,
): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

function createReader(text: string) {
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const skip = (char: string): boolean => {
    take(SPACE);
    if (text[at] !== char) return false;
    at += 1;
    return true;
  };
  const fail = (message: string, where = at): never => {
    throw new Stop(where, message);
  };
  const string = (): string => {
    const start = at;
    const found = take(STRING);
    if (found === undefined) {
      return fail(
        text[at] === '"' ? "this text in quotes has no end" : "a name in quotes is missing here",
      );
    }
    try {
      return String(JSON.parse(found));
    } catch {
      // Which escapes there are, and that control characters need one, the browser knows.
      return fail("this text has a character or a \\ that JSON does not allow", start);
    }
  };

  const value = (depth: number): JsonNode => {
    if (depth > MAX_DEPTH) fail("this is nested too deeply");
    take(SPACE);
    const start = at;
    if (skip("{")) return object(depth, start);
    if (skip("[")) return array(depth, start);
    if (text[at] === '"') return { kind: "string", value: string(), at: start, end: at };
    for (const [word, meaning] of WORDS) {
      if (!text.startsWith(word, at)) continue;
      at += word.length;
      return { kind: "word", value: meaning, at: start, end: at };
    }
    const number = take(NUMBER);
    if (number === undefined) {
      const isThere = at < text.length && !",:]}".includes(text.charAt(at));
      return fail(
        isThere ? "this is no JSON value: texts stand in quotes" : "a value is missing here",
      );
    }
    return { kind: "number", text: number, at: start, end: at };
  };

  const object = (depth: number, start: number): JsonNode => {
    const members: JsonMember[] = [];
    const names = new Set<string>();
    if (skip("}")) return { kind: "object", members, at: start, end: at };
    do {
      take(SPACE);
      const nameAt = at;
      const name = string();
      if (names.has(name)) fail(`“${name}” is here twice`, nameAt);
      names.add(name);
      if (!skip(":")) fail("a colon is missing here");
      members.push({ name, nameAt, value: value(depth + 1) });
    } while (skip(","));
    if (!skip("}")) fail("a comma or } is missing here");
    return { kind: "object", members, at: start, end: at };
  };

  const array = (depth: number, start: number): JsonNode => {
    const items: JsonNode[] = [];
    if (skip("]")) return { kind: "array", items, at: start, end: at };
    do items.push(value(depth + 1));
    while (skip(","));
    if (!skip("]")) fail("a comma or ] is missing here");
    return { kind: "array", items, at: start, end: at };
  };

  return {
    value,
    end: () => {
      take(SPACE);
      if (at !== text.length) fail("nothing more is expected here");
    },
  };
}
