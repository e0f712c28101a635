/** What a failure is over HTTP: a change that nobody can vouch for is neither done nor undone. */
import { describe, expect, test } from "bun:test";
import { AppError, type AppErrorCode } from "../../src/core/app-error.ts";
import { problem, problemOf } from "../../src/http/problem.ts";

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
      { type: "about:blank", title: "In words", status, code },
    ]);
    expect(text).not.toContain("a secret");
  });

  test.each(rows)("of the kind %s asks for a token where one is needed alone", (code, status) => {
    const asked = status === 401 ? 'Bearer realm="haproxy-jwt"' : null;
    for (const response of [problemOf(new AppError(code, "in words")), problem(status, "Title")]) {
      expect(response.headers.get("www-authenticate")).toBe(asked);
    }
  });

  test.each([
    ["rule 1 is lifted already", "Rule 1 is lifted already"],
    ["not JSON: at 3", "Not JSON: at 3"],
    ["/rule: is empty", "/rule: is empty"],
    ["postgres://db is away", "postgres://db is away"],
    ["`cs` is none", "`cs` is none"],
    ["haproxy-jwt is there", "haproxy-jwt is there"],
    ["", ""],
  ])("named %p begins as a sentence does, names and paths apart", async (message, title) => {
    const body: unknown = await problemOf(new AppError("conflict", message)).json();
    expect(body).toMatchObject({ title });
  });
});
