/** Walks every route of the admin API: who may call it, and what it says to everybody else. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Role } from "../../../src/core/revocation/accounts.ts";
import type { Route } from "../../../src/http/admin/route.ts";
import { createRoutes } from "../../../src/http/admin/routes.ts";
import { createHarness, type Harness } from "./harness.ts";

const stack = new AsyncDisposableStack();
let harness: Harness;
let routes: readonly Route[];

beforeAll(async () => {
  harness = await createHarness(stack, {
    // The routes' declaration is the list to walk; what they act on does not matter here.
    page: () => undefined,
  });
  routes = createRoutes({ accounts: {}, rules: {} } as unknown as Parameters<
    typeof createRoutes
  >[0]);
});
afterAll(() => stack.disposeAsync());

/** A path with something in the place of each parameter. */
function pathOf(route: Route): string {
  return route.path.replace(/:\w+/g, "1");
}

const INTRUDERS = [
  ["nobody", {}],
  ["a cookie that was never given", { cookie: `__Host-haproxy-jwt=${"A".repeat(43)}` }],
  ["a cookie with another name", { cookie: `haproxy-jwt=${"A".repeat(43)}` }],
  ["a token that was never made", { authorization: `Bearer hjwt_${"A".repeat(43)}` }],
  ["Basic credentials", { authorization: "Basic YWRtaW46YWRtaW4=" }],
  ["a name for the control socket's caller", { "x-jwt-user": "root" }],
] as const;

describe("every route", () => {
  test("is there to be walked", () => {
    expect(routes.length).toBeGreaterThan(25);
    const open = routes.filter(({ access }) => access === "open");
    expect(open.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /session",
      "POST /first-run/check",
      "POST /first-run",
    ]);
  });

  for (const [who, headers] of INTRUDERS) {
    test(`answers 401 to ${who}, before it looks at anything of the request`, async () => {
      for (const route of routes.filter(({ access }) => access !== "open")) {
        for (const text of [undefined, "{not json", "{}"]) {
          const isRead = route.method === "GET";
          const answer = await harness.ask(route.method, pathOf(route), {
            as: "nobody",
            headers,
            ...(isRead || text === undefined ? {} : { text }),
          });
          expect([route.method, route.path, answer.status]).toEqual([
            route.method,
            route.path,
            401,
          ]);
          expect(answer.headers.get("content-type")).toBe("application/problem+json");
          expect(answer.headers.get("set-cookie")).toBeNull();
        }
      }
    });
  }

  test("lets in those whose role suffices, and nobody below", async () => {
    const rank = new Map([
      ["viewer", 1],
      ["operator", 2],
      ["admin", 3],
    ]);
    for (const route of routes) {
      const least = rank.get(route.access);
      if (least === undefined) continue;
      for (const role of ["viewer", "operator", "admin"] as const satisfies readonly Role[]) {
        // A body of the wrong type gets past the question of rights, and no further.
        const answer = await harness.ask(route.method, `${pathOf(route)}?nonsense=1`, {
          as: role,
          ...(route.method === "GET"
            ? {}
            : { text: "{}", headers: { "content-type": "text/plain" } }),
        });
        const isIn = (rank.get(role) ?? 0) >= least;
        expect([role, route.method, route.path, answer.status === 403]).toEqual([
          role,
          route.method,
          route.path,
          !isIn,
        ]);
      }
    }
  });

  test("refuses another site's page with 403, whoever is logged in", async () => {
    for (const route of routes.filter(({ method }) => method !== "GET")) {
      const answer = await harness.ask(route.method, pathOf(route), {
        text: "{}",
        headers: { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
      });
      expect([route.path, answer.status]).toEqual([route.path, 403]);
    }
  });

  test("says which methods a path takes", async () => {
    for (const route of routes) {
      const answer = await harness.ask("PATCH", pathOf(route), { text: "{}" });
      expect([route.path, answer.status]).toEqual([route.path, 405]);
      expect(answer.headers.get("allow")?.split(", ")).toContain(route.method);
    }
  });

  test("carries the security headers, on answers and refusals alike", async () => {
    const answers = [
      await harness.ask("GET", "/stats"),
      await harness.ask("GET", "/stats", { as: "nobody" }),
      await harness.ask("GET", "/nothing"),
      await harness.ask("POST", "/rules", { text: "{" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 404, 400]);
    for (const { headers } of answers) {
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });
});

describe("unknown paths", () => {
  test("answer 401 to nobody, so that nothing is told apart, and 404 to others", async () => {
    for (const path of ["/nothing", "/rules/1/more", "/RULES", "/people//password"]) {
      expect((await harness.ask("GET", path, { as: "nobody" })).status).toBe(401);
      expect((await harness.ask("GET", path)).status).toBe(404);
    }
  });

  test("have no answer for a preflight", async () => {
    const answer = await harness.ask("OPTIONS", "/rules", {
      as: "nobody",
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("access-control-allow-methods")).toBeNull();
  });
});
