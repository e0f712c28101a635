/** A router that looks for a path from a fixed place on finds it under every host. */
import { describe, expect, test } from "bun:test";
import { Elysia } from "elysia";
import { routable } from "../../src/http/routable.ts";

const app = new Elysia().post("/a/b", ({ request }) => request.text(), { parse: "none" });

describe("a request that is routed", () => {
  test.each(["a", "ab", "abc", "a.b", "abcd", "a:1", "[::1]:4000", "tokens.example.org"])(
    "finds its route under the host %s",
    async (host) => {
      const url = `http://${host}/a/b?c=/d`;
      const answer = await app.handle(routable(new Request(url, { method: "POST", body: "x" })));
      expect([answer.status, await answer.text()]).toEqual([200, "x"]);
      const missing = await app.handle(routable(new Request(`http://${host}/a`)));
      expect(missing.status).toBe(404);
    },
  );

  test("keeps its headers, and is itself where nothing is to be done", () => {
    const headers = { "x-a": "b", host: "abc" };
    expect(routable(new Request("http://abc/", { headers })).headers.get("x-a")).toBe("b");
    const request = new Request("http://localhost/");
    expect(routable(request)).toBe(request);
  });
});
