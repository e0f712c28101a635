import { describe, expect, test } from "bun:test";
import { createTraffic } from "../../src/app/traffic.ts";
import { createLog } from "../../src/log.ts";

const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib2IifQ.c2lnbmF0dXJl";
const server = {} as Bun.Server<undefined>;

function follow(handle: () => Response | Promise<Response>) {
  const lines: Record<string, unknown>[] = [];
  const answered: string[] = [];
  const log = createLog(
    () => "debug",
    (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
  );
  const traffic = createTraffic(
    () => log,
    (listener, status) => answered.push(`${listener} ${status}`),
  );
  const handler = traffic.follow("admin", handle);
  const send = async (path: string, headers: Readonly<Record<string, string>> = {}) =>
    handler(new Request(`http://localhost${path}`, { headers }), () => "loopback", server);
  return { send, lines, answered, facts: traffic.facts };
}

describe("a followed request", () => {
  test("has the caller's id and trace in its line, and its id in a refusal", async () => {
    const { send, lines } = follow(() => new Response(null, { status: 401 }));
    const answer = await send("/api/v1/rules", { "x-request-id": "abc-1", traceparent: TRACE });
    expect(answer.headers.get("x-request-id")).toBe("abc-1");
    expect(lines[0]).toMatchObject({ requestId: "abc-1", traceparent: TRACE, status: 401 });
  });

  test("gets an id of its own where the caller gave none", async () => {
    const { send, lines } = follow(() => new Response(null, { status: 500 }));
    const answer = await send("/");
    expect(answer.headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/);
    expect(lines[0]?.["requestId"]).toBe(answer.headers.get("x-request-id"));
  });

  for (const [name, value] of [
    ["a token", TOKEN],
    ["a long text", "x".repeat(65)],
    ["blanks", "a b"],
    ["markup", '"><script>'],
  ] as const) {
    test(`does not take ${name} for an id`, async () => {
      const { send, lines } = follow(() => new Response(null, { status: 400 }));
      const answer = await send("/", { "x-request-id": value });
      expect(answer.headers.get("x-request-id")).not.toBe(value);
      expect(JSON.stringify(lines)).not.toContain(value);
    });
  }

  for (const value of ["", "00-xyz", `${TRACE}-more`, TOKEN, TRACE.toUpperCase()]) {
    test(`does not pass on ${JSON.stringify(value).slice(0, 30)} as a trace`, async () => {
      const { send, lines } = follow(() => new Response());
      await send("/", { traceparent: value });
      expect(lines[0]).not.toHaveProperty("traceparent");
    });
  }

  test("shows a route's words and numbers of its path, nothing else and no query", async () => {
    const { send, lines } = follow(() => new Response());
    await send(`/api/v1/rules/17/${TOKEN}/Bob%20Smith?subject=bob`);
    expect(lines[0]?.["path"]).toBe("/api/v1/rules/17/*/*");
  });

  test("is known while it is answered, also after waiting, and not outside", async () => {
    const seen: string[] = [];
    const { send, facts } = follow(async () => {
      await Promise.resolve();
      seen.push(String(facts()["requestId"]));
      return new Response();
    });
    await Promise.all([send("/", { "x-request-id": "a" }), send("/", { "x-request-id": "b" })]);
    expect(seen.toSorted()).toEqual(["a", "b"]);
    expect(facts()).toEqual({});
  });

  test("is counted by listener and status", async () => {
    const { send, answered } = follow(() => new Response(null, { status: 204 }));
    await send("/");
    expect(answered).toEqual(["admin 204"]);
  });
});
