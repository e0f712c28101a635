import { describe, expect, test } from "bun:test";
import { formatJson, memberOf } from "../../../src/admin-ui/logic/json-text.ts";
import { isJsonProblem, parseJsonTree, toPlace } from "../../../src/admin-ui/logic/json-tree.ts";

describe("a JSON tree", () => {
  test("keeps numbers as they were written", () => {
    const text = '{"cs": 1712345678901234567, "x": [1.0, -0, 1e5]}';
    const node = parseJsonTree(text);
    if (isJsonProblem(node)) throw new Error(node.message);
    expect(formatJson(node)).toBe('{\n  "cs": 1712345678901234567,\n  "x": [1.0, -0, 1e5]\n}');
    expect(memberOf(text, "cs")).toMatchObject({ kind: "number", text: "1712345678901234567" });
    expect(memberOf(text, "nothing")).toBeUndefined();
  });

  test("knows where each value stood", () => {
    const text = '{"a": "b"}';
    const value = memberOf(text, "a");
    expect(text.slice(value?.at, value?.end)).toBe('"b"');
  });

  test.each([
    ["", 0, "a value is missing here"],
    ["{", 1, "a name in quotes is missing here"],
    ['{"a" 1}', 5, "a colon is missing here"],
    ['{"a": 1,}', 8, "a name in quotes is missing here"],
    ['{"a": 1 "b": 2}', 8, "a comma or } is missing here"],
    ["[1 2]", 3, "a comma or ] is missing here"],
    ['{"a": 1} x', 9, "nothing more is expected here"],
    ['{"a": 1, "a": 2}', 9, "“a” is here twice"],
    ['{"a": "b}', 6, "this text in quotes has no end"],
    ['{"a": "\\x"}', 6, "this text has a character or a \\ that JSON does not allow"],
    ['{"a": 01}', 7, "a comma or } is missing here"],
    ["NaN", 0, "this is no JSON value: texts stand in quotes"],
    ["'a'", 0, "this is no JSON value: texts stand in quotes"],
    ['{"a": }', 6, "a value is missing here"],
    ["[,1]", 1, "a value is missing here"],
    ["[".repeat(100), 65, "this is nested too deeply"],
  ])("says where %p stops being JSON", (text, at, message) => {
    expect(parseJsonTree(text)).toEqual({ at, message });
  });

  test("counts lines and columns as people do", () => {
    expect(toPlace('{\n  "a": x', 9)).toEqual({ line: 2, column: 8 });
    expect(toPlace("x", 0)).toEqual({ line: 1, column: 1 });
  });
});
