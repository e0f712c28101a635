import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { JsonSyntaxError, parseJson, parseJsonObject } from "../../src/core/json-parse.ts";
import type { JsonValue } from "../../src/core/json.ts";
import { isJsonObject } from "../../src/core/revocation/json-text.ts";

/** A parsed value as JSON.parse would have given it, integers rounded. */
function toPlain(value: JsonValue): unknown {
  if (isJsonObject(value)) {
    return Object.fromEntries([...value].map(([name, member]) => [name, toPlain(member)]));
  }
  if (Array.isArray(value)) return value.map(toPlain);
  return typeof value === "bigint" ? Number(value) : value;
}

/** So many members of names that differ. */
function numbered(count: number, prefix = "b"): string {
  return Array.from({ length: count }, (_, n) => `"${prefix}${n}":1`).join();
}

/** The value, or undefined where the parser refuses the text. Anything but its own error is a failure. */
function read(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: toPlain(parseJson(text)) };
  } catch (error) {
    expect(error).toBeInstanceOf(JsonSyntaxError);
    return undefined;
  }
}

function readPlatform(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** Where this parser means to be stricter than JSON.parse. */
function isStricter(text: string): boolean {
  let isDeep = false;
  let depth = 0;
  for (const char of text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')) {
    if (char === "[" || char === "{") depth += 1;
    if (char === "]" || char === "}") depth -= 1;
    isDeep ||= depth > 64;
  }
  const hasDuplicate = (() => {
    let found = false;
    const names: Set<string>[] = [];
    for (const [token, isName] of text.matchAll(/[{}]|"(?:[^"\\]|\\.)*"(\s*:)?/g)) {
      if (token === "{") names.push(new Set());
      else if (token === "}") names.pop();
      else if (isName !== undefined) {
        const name = JSON.parse(token.slice(0, -isName.length)) as string;
        found ||= names.at(-1)?.has(name) === true;
        names.at(-1)?.add(name);
      }
    }
    return found;
  })();
  const hasLoneSurrogate = [...text.matchAll(/"(?:[^"\\]|\\.)*"/g)].some(
    ([literal]) => !(JSON.parse(literal) as string).isWellFormed(),
  );
  return isDeep || hasDuplicate || hasLoneSurrogate;
}

describe("parseJson beside JSON.parse", () => {
  test("takes every text that JSON.stringify makes, with the same value", () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 5 }),
        fc.constantFrom(undefined, 1, "\t\r\n "),
        (text, space) => {
          const spaced = JSON.stringify(JSON.parse(text), undefined, space);
          if (isStricter(spaced)) return;
          expect(read(spaced)).toEqual(readPlatform(spaced) ?? { value: "refused" });
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("takes and refuses the same mutated texts", () => {
    const alphabet =
      "{}[]\":,.-+eE0123456789truefalsn\\u/b \t\n\r\u0000\u001f\u007f\u00a0\ufeff'".split("");
    const mutation = fc.record({
      at: fc.nat(),
      drop: fc.integer({ min: 0, max: 3 }),
      insert: fc.array(fc.constantFrom(...alphabet, "\\u00e9", "é", "𝄞"), { maxLength: 3 }),
    });
    let refused = 0;
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.array(mutation, { maxLength: 3 }), (json, edits) => {
        let text = json;
        for (const { at, drop, insert } of edits) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + insert.join("") + text.slice(place + drop);
        }
        const expected = readPlatform(text);
        if (expected === undefined) refused += 1;
        else if (isStricter(text)) return;
        expect(read(text)).toEqual(expected as { value: unknown });
      }),
      { numRuns: 5000 },
    );
    expect(refused).toBeGreaterThan(500);
  });
});

function nest(levels: number, open: string, close: string): string {
  return `${open.repeat(levels)}1${close.repeat(levels)}`;
}

describe("parseJson", () => {
  test.each<readonly [text: string, value: unknown]>([
    ["0", 0],
    ["-0", -0],
    ["-1.5e+3", -1500],
    ["1E5", 100_000],
    ["1e999", Number.POSITIVE_INFINITY],
    ["-1e999", Number.NEGATIVE_INFINITY],
    ["1e-999", 0],
    [' \t\r\n"a" ', "a"],
    ['"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00E9\\ud834\\udd1e"', '"\\/\b\f\n\r\té𝄞'],
    ['"\u007f\u0080\u2028\u2029"', "\u007f\u0080\u2028\u2029"],
    ['"\\u0000"', "\u0000"],
    ["[]", []],
    ["{}", {}],
    ['{"":{"__proto__":1,"constructor":2}}', { "": JSON.parse('{"__proto__":1,"constructor":2}') }],
  ])("reads %p", (text, value) => {
    expect(toPlain(parseJson(text))).toEqual(value);
  });

  test.each([
    "",
    " ",
    "01",
    "-",
    "-01",
    "+1",
    ".5",
    "1.",
    "1.e1",
    "1e",
    "1e+",
    "0x10",
    "0b1",
    "1_000",
    "1n",
    "NaN",
    "Infinity",
    "-Infinity",
    "nul",
    "nulll",
    "True",
    "undefined",
    "'a'",
    '"',
    '"a',
    '"\\"',
    '"\\x41"',
    '"\\u12"',
    '"\\u12g4"',
    '"\\u{41}"',
    '"\\U0041"',
    '"\\\n"',
    '"\t"',
    '"\n"',
    '"\u0000"',
    '"\u001f"',
    "[1,]",
    "[,1]",
    "[1 2]",
    "[",
    "]",
    "[1",
    "{",
    "}",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{,"a":1}',
    '{"a":1 "b":2}',
    "{a:1}",
    "{'a':1}",
    "{1:1}",
    "{null:1}",
    '{"a":1}}',
    '{"a":1}{}',
    "1 2",
    "[] // comment",
    "/* comment */ 1",
    "\ufeff1",
    "1\ufeff",
    "\u00a01",
    "\u000b1",
    "\u000c1",
    "1\u0000",
    "[1\u20282]",
  ])("refuses %p", (text) => {
    expect(() => parseJson(text)).toThrow(JsonSyntaxError);
  });

  test.each([
    ["twice", '{"a":1,"a":1}'],
    ["once escaped", '{"a":1,"\\u0061":1}'],
    ["deep inside", '[{"x":{"a":1,"b":2,"a":3}}]'],
    ["with the empty name", '{"":1,"":2}'],
    ["as __proto__", '{"__proto__":1,"__proto__":2}'],
    ["far apart", `{"a":1,${numbered(50)},"a":2}`],
    ["late in a large object", `{${numbered(50)},"b40":2}`],
    ["late in a large object, in a row", `{${numbered(50)},"a":1,"a":2,${numbered(9, "c")}}`],
  ])("refuses a name that stands there %s", (_, text) => {
    expect(() => parseJson(text)).toThrow("occurs twice");
  });

  test.each([31, 32, 33, 34, 1000])("reads %d members, and refuses one of them again", (count) => {
    const members = numbered(count);
    const text = `{${members}}`;
    const { object } = parseJsonObject(text);
    expect([...object.keys()]).toEqual(Object.keys(JSON.parse(text) as object));
    expect(object.get(`b${count - 1}`)).toBe(1);
    expect(object.has(`b${count}`)).toBe(false);
    for (const again of [0, count >> 1, count - 1]) {
      const refused = `{${members},"b${again}" `;
      expect(() => parseJson(`${refused}:1}`)).toThrow(/occurs twice at offset/);
    }
    for (const cut of [",", ",}", ",1", ',"x"', ',"x":', ""]) {
      expect(() => parseJson(`{${members}${cut}`)).toThrow(JsonSyntaxError);
    }
  });

  test("takes names that differ in case or normalisation, and the same in two objects", () => {
    const text = '{"a":{"a":1},"A":{"a":1},"\\u00e9":1,"e\\u0301":1}';
    expect(read(text)).toEqual({ value: JSON.parse(text) as unknown });
  });

  test.each([
    ["a high one", '"\\ud834"'],
    ["a low one", '"\\udd1e"'],
    ["two in the wrong order", '"\\udd1e\\ud834"'],
    ["two high ones", '"\\ud834\\ud834\\udd1e"'],
    ["one before a character", '"\\ud834x"'],
    ["a raw one", '"\ud834"'],
    ["a raw one and an escaped one apart", '"\ud834 \\udd1e"'],
    ["one in a name", '{"\\ud834":1}'],
  ])("refuses half a surrogate pair: %s", (_, text) => {
    expect(() => parseJson(text)).toThrow("surrogate");
  });

  test("takes a pair of which one half is escaped", () => {
    expect(parseJson('"\ud834\\udd1e"')).toBe("𝄞");
  });

  test.each<readonly [text: string, value: number | bigint]>([
    ["9007199254740991", 9_007_199_254_740_991],
    ["9007199254740992", 9_007_199_254_740_992n],
    ["9007199254740993", 9_007_199_254_740_993n],
    ["-9007199254740991", -9_007_199_254_740_991],
    ["-9007199254740993", -9_007_199_254_740_993n],
    ["18446744073709551615", 18_446_744_073_709_551_615n],
    [`1${"0".repeat(400)}`, 10n ** 400n],
    ["9007199254740993.0", 9_007_199_254_740_993n],
    ["9007199254740993.0", 9_007_199_254_740_993n],
  ])("reads the number %s exactly, where it is an integer", (text, value) => {
    expect(parseJson(text)).toBe(value);
  });

  test("reads 64 levels and refuses 65, in arrays, objects and both", () => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const) {
      expect(() => parseJson(nest(64, open, close))).not.toThrow();
      expect(() => parseJson(nest(65, open, close))).toThrow("too deep");
      expect(() => parseJson(nest(10_000, open, close))).toThrow("too deep");
      expect(() => parseJson(open.repeat(1_000_000))).toThrow("too deep");
    }
    expect(() => parseJson(nest(32, '[{"a":', "}]"))).not.toThrow();
    expect(() => parseJson(nest(33, '[{"a":', "}]"))).toThrow("too deep");
    expect(() => parseJson(`[${"[],".repeat(1000)}[]]`)).not.toThrow();
  });

  test("never quotes the text in its error", () => {
    const error = (() => {
      try {
        return parseJson('{"secret":"hunter2');
      } catch (caught) {
        return String(caught);
      }
    })();
    expect(error).toMatch(/at offset 18$/);
    expect(error).not.toContain("hunter2");
  });
});

describe("parseJsonObject", () => {
  test("says where each member's value stands, to the character", () => {
    const text =
      ' { "a" : 1 ,"b":"x\\"}" , "c" : [ { "a" : 2 } ] ,"𝄞":null,"n":-1.5e3,"d":{"a":{}}  }\n';
    const { object, spans } = parseJsonObject(text);
    expect([...spans.keys()]).toEqual([...object.keys()]);
    const cut = (name: string) => text.slice(...(spans.get(name) ?? [0, 0]));
    expect(cut("a")).toBe("1");
    expect(cut("b")).toBe('"x\\"}"');
    expect(cut("c")).toBe('[ { "a" : 2 } ]');
    expect(cut("𝄞")).toBe("null");
    expect(cut("n")).toBe("-1.5e3");
    expect(cut("d")).toBe('{"a":{}}');
  });

  test("cuts out, for any object, texts that parse to its members", () => {
    const sizes: number[] = [];
    const dictionary = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 80, size: "large" });
    fc.assert(
      fc.property(dictionary, fc.nat(3), (members, space) => {
        const text = JSON.stringify(members, undefined, space);
        if (isStricter(text)) return;
        const { object, spans } = parseJsonObject(text);
        expect([...spans.keys()]).toEqual([...object.keys()]);
        for (const [name, value] of object) {
          const [start, end] = spans.get(name) ?? [0, 0];
          expect(toPlain(parseJson(text.slice(start, end)))).toEqual(toPlain(value));
          expect(text.slice(start, end)).toBe(text.slice(start, end).trim());
        }
        expect(spans.size).toBe(object.size);
        sizes.push(object.size);
      }),
    );
    expect(Math.max(...sizes)).toBeGreaterThan(40);
  });

  test.each(["", "[]", "null", '"{}"', "1", "{", "{}x", "[{}]", "\ufeff{}", " x{}"])(
    "refuses %p",
    (text) => {
      expect(() => parseJsonObject(text)).toThrow(JsonSyntaxError);
    },
  );
});
