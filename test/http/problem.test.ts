/** What a failure is over HTTP: a change that nobody can vouch for is neither done nor undone. */
import { describe, expect, test } from "bun:test";
import { AppError, type AppErrorCode } from "../../src/core/app-error.ts";
import { problemOf } from "../../src/http/problem.ts";

const rows: readonly (readonly [code: AppErrorCode, status: number])[] = [
  ["invalid", 422],
  ["not_found", 404],
  ["conflict", 409],
  ["forbidden", 403],
  ["unauthenticated", 401],
  ["too_large", 413],
  ["unavailable", 503],
  ["unknown", 504],
  ["config", 500],
];

describe("a problem", () => {
  test.each(rows)("of the kind %s has the status %d, and names its kind", async (code, status) => {
    const response = problemOf(new AppError(code, "in words", { cause: new Error("a secret") }));
    const text = await response.text();
    expect([response.status, JSON.parse(text)]).toEqual([
      status,
      { type: "about:blank", title: "in words", status, code },
    ]);
    expect(text).not.toContain("a secret");
  });
});
