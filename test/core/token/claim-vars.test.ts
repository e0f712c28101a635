import { describe, expect, test } from "bun:test";
import { parseJsonObject } from "../../../src/core/json-parse.ts";
import { claimVars, parseClaimSelection, toOneLine } from "../../../src/core/token/claim-vars.ts";

function vars(text: string, selection = "*"): Record<string, string> {
  const token = { claimsText: text, claims: parseJsonObject(text) };
  return Object.fromEntries(claimVars(token, parseClaimSelection(selection)));
}

describe("claimVars", () => {
  test("gives strings as they are, and the rest as it was signed", () => {
    const text =
      '{"s":"a \\"b\\" \\u00e9","n":1.50,"big":9223372036854775807,"e":1E2,"t":true,"z":null,"a":[ 1, {"b": 2} ],"o":{}}';
    expect(vars(text)).toEqual({
      s: 'a "b" é',
      n: "1.50",
      big: "9223372036854775807",
      e: "1E2",
      t: "true",
      z: "null",
      a: '[ 1, {"b": 2} ]',
      o: "{}",
    });
  });

  test("puts a value with line breaks between its tokens on one line", () => {
    expect(vars('{"a":[\r\n\t1,\n2]}')).toEqual({ a: "[   1, 2]" });
  });

  test.each([
    ["line feed", "\\n"],
    ["carriage return", "\\r"],
    ["tab", "\\t"],
    ["NUL", "\\u0000"],
    ["escape", "\\u001b"],
    ["unit separator", "\\u001F"],
    ["DEL", "\\u007f"],
  ])("does not set a text with %s in it, and sets the others", (_, escape) => {
    expect(vars(`{"bad":"a${escape}b","sub":"bob"}`)).toEqual({ sub: "bob" });
    expect(vars(`{"bad":"${escape}","sub":"bob"}`)).toEqual({ sub: "bob" });
  });

  test("leaves such an escape inside a list as it was signed", () => {
    expect(vars('{"a":["x\\r\\ny"]}')).toEqual({ a: '["x\\r\\ny"]' });
  });

  test.each<readonly [text: string, expected: Record<string, string>]>([
    ['{"a b":"1"}', { a_b: "1" }],
    ['{"é":"1"}', { _: "1" }],
    ['{"𝄞":"1"}', { _: "1" }],
    ['{"a-b":"1"}', { a_b: "1" }],
    ['{"a.b":"1"}', { "a.b": "1" }],
    ['{"https://x/y":"1"}', { https___x_y: "1" }],
    ['{"a)b,c(d":"1"}', { a_b_c_d: "1" }],
    ['{"a\\nb":"1"}', { a_b: "1" }],
    ['{"a\\u0000b":"1"}', { a_b: "1" }],
    ['{"valid":"1","reason":"ok","detail":"x"}', { valid: "1", reason: "ok", detail: "x" }],
    ['{"constructor":"1","toString":"2"}', { constructor: "1", toString: "2" }],
    ['{"":"1","a":"2"}', { a: "2" }],
  ])("makes of %s what a variable can be called", (text, expected) => {
    expect(vars(text)).toEqual(expected);
  });

  test("sets a claim called __proto__ and nothing of its own accord", () => {
    const set = claimVars(
      { claimsText: '{"__proto__":"x"}', claims: parseJsonObject('{"__proto__":"x"}') },
      "*",
    );
    expect([...set]).toEqual([["__proto__", "x"]]);
    expect(JSON.stringify(Object.fromEntries(set))).toBe('{"__proto__":"x"}');
  });

  test("sets neither of two claims whose names become one", () => {
    expect(vars('{"a b":"1","a_b":"2","c":"3"}')).toEqual({ c: "3" });
    expect(vars('{"é":"1","ü":"2","_":"3","c":"4"}')).toEqual({ c: "4" });
    expect(vars('{"a b":"1","a-b":"2","a+b":"3"}')).toEqual({});
  });

  test("sets neither also where only one of them was asked for, or can be set", () => {
    expect(vars('{"a b":"1","a_b":"2"}', "a_b")).toEqual({});
    expect(vars('{"a b":"x\\ny","a_b":"2"}')).toEqual({});
  });

  test("sets only what was asked for", () => {
    const text = '{"sub":"bob","username":"b","x":1}';
    expect(vars(text, "username,sub")).toEqual({ sub: "bob", username: "b" });
    expect(vars(text, " sub , nobody ")).toEqual({ sub: "bob" });
    expect(vars(text, "SUB,constructor,__proto__")).toEqual({});
    expect(vars(text, "")).toEqual({});
    expect(vars(text, "sub,*")).toEqual({ sub: "bob", username: "b", x: "1" });
  });

  test("asks for a claim by its own name, not by its variable's", () => {
    expect(vars('{"a b":"1"}', "a b")).toEqual({ a_b: "1" });
    expect(vars('{"a b":"1"}', "a_b")).toEqual({});
  });
});

describe("toOneLine", () => {
  test("turns each line break and tab into one space", () => {
    expect(toOneLine('{\r\n\t"a": 1\n}')).toBe('{   "a": 1 }');
    expect(toOneLine('{"a":"\\r\\n\\t"}')).toBe('{"a":"\\r\\n\\t"}');
  });
});
