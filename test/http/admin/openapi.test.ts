/** The API's description: whole, and true to what the router runs by. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHarness, type Harness } from "./harness.ts";

const stack = new AsyncDisposableStack();
let harness: Harness;
let document: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  harness = await createHarness(stack);
  document = (await harness.ask("GET", "/openapi.json", { as: "viewer" })).body;
});
afterAll(() => stack.disposeAsync());

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { readonly schema: unknown }>>;
  };
  readonly responses: Readonly<Record<string, unknown>>;
  readonly security?: readonly unknown[];
}

function operations(): readonly (readonly [string, string, Operation])[] {
  const paths = document["paths"] as Record<string, Record<string, Operation>>;
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(
      ([method, operation]) => [method.toUpperCase(), path, operation] as const,
    ),
  );
}

describe("openapi.json", () => {
  test("is OpenAPI 3.1 and names every route of the contract", () => {
    expect(document["openapi"]).toMatch(/^3\.1\./);
    const names = operations().map(([method, path]) => `${method} ${path.slice("/api/v1".length)}`);
    expect(names).toEqual(
      expect.arrayContaining([
        "POST /rules",
        "GET /rules",
        "GET /rules/{id}",
        "DELETE /rules/{id}",
        "POST /rules/preview",
        "POST /revocations",
        "POST /tokens/inspect",
        "GET /keys",
        "POST /keys/sync",
        "GET /verifiers",
        "GET /audit",
        "GET /stats",
        "POST /session",
        "GET /session",
        "DELETE /session",
      ]),
    );
    expect(names).not.toContain("POST /backup");
  });

  test("gives every operation a name of its own, an answer, and the problem for all others", () => {
    const ids = operations().map(([, , { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, path, { responses, parameters }] of operations()) {
      expect(Object.keys(responses)).toContain("default");
      expect(Object.keys(responses).some((status) => /^2\d\d$/.test(status))).toBe(true);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(parameters.filter((one) => one.in === "path").map(({ name }) => name)).toEqual(
        inPath as string[],
      );
    }
  });

  test("says where a body may be left out", () => {
    const optional = operations().filter(
      ([, , { requestBody }]) => requestBody?.required === false,
    );
    expect(optional.map(([method, path]) => `${method} ${path}`)).toEqual([
      "DELETE /api/v1/rules/{id}",
    ]);
    const [, , lift] = optional[0] ?? [];
    expect(lift?.parameters.map(({ name }) => name)).toContain("reason");
  });

  test("describes closed bodies", () => {
    const bodies = operations().flatMap(([, , { requestBody }]) =>
      requestBody === undefined ? [] : Object.values(requestBody.content),
    );
    expect(bodies.length).toBeGreaterThan(8);
    for (const { schema } of bodies) {
      if (Object.keys(schema as object).length > 0) {
        expect(schema).toMatchObject({ type: "object", additionalProperties: false });
      }
    }
  });

  test("refers to nothing that is not there", () => {
    const text = JSON.stringify(document);
    for (const [, pointer] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = (pointer ?? "")
        .split("/")
        .reduce<unknown>(
          (value, part) => (value as Record<string, unknown> | undefined)?.[part],
          document,
        );
      expect(found).toBeDefined();
    }
  });

  test("asks for a login everywhere but where one logs in", () => {
    const open = operations().filter(([, , { security }]) => security?.length === 0);
    expect(open.map(([method, path]) => `${method} ${path}`)).toEqual([
      "POST /api/v1/session",
      "POST /api/v1/first-run/check",
      "POST /api/v1/first-run",
    ]);
  });
});
