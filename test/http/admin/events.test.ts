/** The live stream: what it tells, and when it ends. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { addPerson, createHarness, type Harness } from "./harness.ts";
import { within } from "../../helpers/wait-for.ts";

const stack = new AsyncDisposableStack();
let harness: Harness;
let stopping: AbortController;

beforeEach(async () => {
  stopping = new AbortController();
  harness = await createHarness(stack, { stopping: stopping.signal });
  await addPerson(harness, "alice", "viewer");
});
afterAll(() => stack.disposeAsync());

async function open(cookie: string) {
  const left = new AbortController();
  const request = new Request("http://127.0.0.1:4001/api/v1/events", {
    headers: { cookie, host: "127.0.0.1:4001" },
    signal: left.signal,
  });
  const response = await harness.handle(request, { kind: "network", address: "127.0.0.1" });
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error("no stream");
  const next = async () => {
    const { done, value } = await within("an event", reader.read(), 5000);
    return done ? undefined : Buffer.from(value).toString();
  };
  return { response, next, left };
}

describe("GET /events", () => {
  test("tells how things stand at once, and again when a rule changes", async () => {
    const { response, next } = await open(await harness.logIn("alice"));
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const first = await next();
    expect(first).toMatch(/^data: \{.*\}\n\n$/);
    expect(JSON.parse((first ?? "").slice(6))).toMatchObject({
      stats: { ready: true, rules: { active: 0 } },
      verifiers: { items: [] },
      keys: { items: [{ source: "test" }] },
    });
    await harness.ask("POST", "/revocations", { body: { user: "bob", reason: "r" } });
    expect(JSON.parse((await next())?.slice(6) ?? "")).toMatchObject({
      stats: { rules: { active: 1 } },
    });
    stopping.abort();
  });

  test("ends with the session, however it ended", async () => {
    const cookie = await harness.logIn("alice");
    const { next } = await open(cookie);
    await next();
    await harness.ask("DELETE", "/session", { cookie });
    await harness.ask("POST", "/revocations", { body: { user: "bob", reason: "r" } });
    expect(await next()).toBeUndefined();
  });

  test("does not keep an idle session alive", async () => {
    const { next } = await open(await harness.logIn("alice"));
    await next();
    harness.clock.now += 31 * 60;
    await harness.ask("POST", "/revocations", { body: { user: "bob", reason: "r" } });
    expect(await next()).toBeUndefined();
  });

  test("ends when the server stops, and when nobody reads any more", async () => {
    const cookie = await harness.logIn("alice");
    const [one, other] = [await open(cookie), await open(cookie)];
    await one.next();
    await other.next();
    one.left.abort();
    expect(await one.next()).toBeUndefined();
    stopping.abort();
    expect(await other.next()).toBeUndefined();
  });

  test("is not for everybody at once", async () => {
    const cookie = await harness.logIn("alice");
    const streams = [];
    for (let count = 0; count < 64; count += 1) streams.push(await open(cookie));
    const late = await harness.ask("GET", "/events", { cookie });
    expect(late.status).toBe(503);
    stopping.abort();
  });

  test("is answered at once where the head alone is asked for, and takes nobody's place", async () => {
    const cookie = await harness.logIn("alice");
    for (let count = 0; count < 65; count += 1) {
      const head = await within("the head", harness.ask("HEAD", "/events", { cookie }), 5000);
      expect([head.status, head.text]).toEqual([200, ""]);
      expect(head.headers.get("content-type")).toBe("text/event-stream");
      expect(head.headers.get("content-length")).toBeNull();
    }
    expect((await harness.ask("HEAD", "/events", { as: "nobody" })).status).toBe(401);
    const { response, next } = await open(cookie);
    expect(response.status).toBe(200);
    expect(await next()).toStartWith("data: ");
    stopping.abort();
  });

  test("is nothing for nobody", async () => {
    expect((await harness.ask("GET", "/events", { as: "nobody" })).status).toBe(401);
  });
});
