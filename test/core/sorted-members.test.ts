import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { SortedMembers } from "../../src/core/sorted-members.ts";

function make<T>(pairs: Iterable<readonly [string, T]>): SortedMembers<T> {
  const list = [...pairs];
  const made = SortedMembers.of(
    list.map(([name]) => name),
    list.map(([, value]) => value),
  );
  if (typeof made === "number") throw new TypeError("a name is there twice");
  return made;
}

describe("sorted members", () => {
  const name = fc.string({
    unit: fc.constantFrom("a", "b", "B", "", "é", "\u0000", "𝄞", "__proto__"),
  });

  test("say what a Map says", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.nat())), fc.array(name), (pairs, asked) => {
        const map = new Map(pairs);
        const members = make(map);
        expect(members.size).toBe(map.size);
        expect([...members]).toEqual([...map]);
        expect([...members.keys()]).toEqual([...map.keys()]);
        expect([...members.values()]).toEqual([...map.values()]);
        for (const one of [...asked, ...map.keys()]) {
          expect(members.has(one)).toBe(map.has(one));
          expect(members.get(one)).toBe(map.get(one));
        }
      }),
    );
  });

  test("say where a name is that stands there a second time", () => {
    expect(SortedMembers.of(["b", "a", "c", "a"], [1, 2, 3, 4])).toBe(3);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), (names) => {
        const isTwice = new Set(names).size < names.length;
        const made = SortedMembers.of(names, names);
        expect(typeof made === "number").toBe(isTwice);
        if (typeof made === "number") expect(names.slice(0, made)).toContain(names[made] ?? "-");
      }),
    );
  });

  test("keep their names and order with other values", () => {
    const members = make([
      ["z", 1],
      ["a", 2],
    ]).withValues(["one", "two"]);
    expect([...members]).toEqual([
      ["z", "one"],
      ["a", "two"],
    ]);
    expect(members.get("a")).toBe("two");
  });

  test("hold a value of undefined apart from a name that is missing", () => {
    const members = make([["a", undefined]]);
    expect([members.has("a"), members.has("b")]).toEqual([true, false]);
  });

  test("are visited in their order", () => {
    const seen: (readonly [string, number])[] = [];
    const members = make([
      ["z", 1],
      ["a", 2],
    ]);
    members.forEach((value, visited) => seen.push([visited, value]));
    expect(seen).toEqual([...members]);
  });
});
