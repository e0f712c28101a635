import { describe, expect, test } from "bun:test";
import { countAlgorithms, familyOf } from "../../../src/admin-ui/logic/algorithms.ts";
import { collectLines } from "../../../src/admin-ui/logic/export.ts";
import { toPath, toRates, toRefusals, toTop, toTotals } from "../../../src/admin-ui/logic/rates.ts";
import { mayAct } from "../../../src/admin-ui/logic/roles.ts";
import { toRevokePath, toScreen, withFilters } from "../../../src/admin-ui/logic/routes.ts";

describe("a path", () => {
  test.each([
    ["/", { name: "overview" }],
    ["/revoke", { name: "revoke", intent: "person" }],
    ["/revoke/everybody", { name: "revoke", intent: "everybody" }],
    ["/rules", { name: "rules" }],
    ["/rules/12/", { name: "rule", id: 12 }],
    ["/account", { name: "account" }],
  ] as const)("%s shows its screen", (path, screen) => expect(toScreen(path)).toEqual(screen));

  test.each(["/rules/0", "/rules/x", "/revoke/constructor", "/keys/1", "/a/b/c", "/__proto__"])(
    "%s shows that there is nothing",
    (path) => expect(toScreen(path)).toEqual({ name: "nowhere" }),
  );

  test("is made with what is filtered by, and nothing empty", () => {
    expect(withFilters("/rules", { q: "a&b", state: "" })).toBe("/rules?q=a%26b");
    expect(withFilters("/rules", { q: "" })).toBe("/rules");
    expect(toRevokePath("person")).toBe("/revoke");
  });
});

describe("the figures of the hour", () => {
  const NOW = 3_600_000;
  const minutes = [
    { start: NOW - 60, counts: { ok: 120, E_TKN_INVALID: 60 }, remembered: 600 },
    { start: NOW, counts: { ok: 5 }, remembered: 1 },
  ];

  test("leave out the minute that still grows", () => {
    const rates = toRates(minutes, NOW + 30);
    expect(rates).toHaveLength(60);
    expect(rates.at(-1)).toEqual({ at: NOW - 60, valid: 2, refused: 1, remembered: 10 });
    expect(rates[0]).toMatchObject({ valid: 0, refused: 0 });
  });

  test("add up", () => {
    expect(toTotals(minutes)).toEqual({ valid: 125, refused: 60, remembered: 601 });
    expect(toRefusals(minutes)).toEqual([["E_TKN_INVALID", 60]]);
  });

  test("fit their box", () => {
    expect(toPath([0, 5, 10], 10, 100, 50)).toBe("M0.0 50.0L50.0 25.0L100.0 0.0");
    expect([0, 0.3, 7, 12_480].map(toTop)).toEqual([1, 0.5, 10, 20_000]);
  });
});

describe("an export", () => {
  test("has every page's items as the server wrote them, a line each", async () => {
    const pages = [
      '{"items":[{"cs":1712345678901234567},{"b":2}],"cursor":"next"}',
      '{"items":[{"c":3}]}',
    ];
    const asked: (string | undefined)[] = [];
    const counts: number[] = [];
    const parts = await collectLines(
      (cursor) => {
        asked.push(cursor);
        return Promise.resolve(pages[asked.length - 1] ?? "");
      },
      (count) => counts.push(count),
    );
    expect(parts.join("")).toBe('{"cs":1712345678901234567}\n{"b":2}\n{"c":3}\n');
    expect(asked).toEqual([undefined, "next"]);
    expect(counts).toEqual([2, 3]);
  });

  test("fails as a whole where a page is none", async () => {
    const outcome = await collectLines(
      () => Promise.resolve("<html>"),
      () => undefined,
    ).catch(String);
    expect(outcome).toContain("TypeError");
  });
});

describe("small words", () => {
  test("name algorithms once", () => {
    expect(familyOf(["RS256", "RS384", "RS512"])).toBe("RS256\u2060–\u2060512");
    expect(familyOf(["ES256", "EdDSA"])).toBe("ES256 EdDSA");
    expect(countAlgorithms([{ algorithms: ["ES256"] }, { algorithms: ["ES256"] }])).toBe(
      "ES256 ×2",
    );
    expect(countAlgorithms([])).toBe("none");
  });

  test("rank roles", () => {
    expect(mayAct("viewer", "operator")).toBe(false);
    expect(mayAct("admin", "operator")).toBe(true);
    expect(mayAct("somebody" as "admin", "viewer")).toBe(false);
  });
});
