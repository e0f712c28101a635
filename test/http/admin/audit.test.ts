/** Every login and every change leaves a row, or does not happen. */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { addPerson, createHarness, PASSWORD, type Harness } from "./harness.ts";

const stack = new AsyncDisposableStack();
let harness: Harness;

beforeEach(async () => {
  harness = await createHarness(stack);
});
afterAll(() => stack.disposeAsync());

const rows = async (query = "") => {
  const { body } = await harness.ask("GET", `/audit?limit=200${query}`);
  return body["items"] as readonly Readonly<Record<string, unknown>>[];
};

describe("the audit", () => {
  test("tells who did what, when, by which way, from where and why", async () => {
    await harness.ask("POST", "/rules", {
      as: "operator",
      address: "192.0.2.9",
      body: { subject: "bob", rule: { iat: { lte: 5 } }, reason: "left the company" },
    });
    const [row] = await rows();
    expect(row).toMatchObject({
      atMs: harness.clock.now * 1000,
      actor: { who: "operator-token", via: "api", from: "192.0.2.9" },
      reason: "left the company",
      outcome: "done",
    });
  });

  const CHANGES: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["a login", () => harness.logIn("alice")],
    ["a wrong password", () => login("alice", "wrong wrong wrong")],
    ["an unknown name", () => login("mallory", PASSWORD)],
    [
      "a logout",
      async () => harness.ask("DELETE", "/session", { cookie: await harness.logIn("alice") }),
    ],
    [
      "a logout everywhere",
      async () => harness.ask("DELETE", "/sessions", { cookie: await harness.logIn("alice") }),
    ],
    ["a rule", () => harness.ask("POST", "/rules", { body: RULE })],
    [
      "an intent",
      () => harness.ask("POST", "/revocations", { body: { user: "bob", reason: "r" } }),
    ],
    ["a lift", () => harness.ask("DELETE", "/rules/1", { body: { reason: "r" } })],
    ["a person", () => addPerson(harness, "dora", "viewer")],
    ["a role", () => harness.ask("PUT", "/people/alice/role", { body: { role: "viewer" } })],
    [
      "a password",
      () => harness.ask("PUT", "/people/alice/password", { body: { password: PASSWORD } }),
    ],
    ["a person removed", () => harness.ask("DELETE", "/people/alice")],
    [
      "an API token",
      () => harness.ask("POST", "/api-tokens", { body: { name: "ci", role: "viewer" } }),
    ],
    ["an API token revoked", () => harness.ask("DELETE", "/api-tokens/viewer-token")],
    ["keys read anew", () => harness.ask("POST", "/keys/sync", { text: "{}" })],
  ];
  for (const [what, change] of CHANGES) {
    test(`has a row for ${what}, without a secret in it`, async () => {
      await addPerson(harness, "alice", "operator");
      await harness.ask("POST", "/rules", { body: RULE });
      const before = (await rows()).length;
      await change();
      const after = await rows();
      expect(after.length).toBeGreaterThan(before);
      expect(JSON.stringify(after)).not.toMatch(/argon|hjwt_|purple walrus|wrong wrong/);
    });
  }

  test("does not write down an unknown name: it may be a password in the wrong field", async () => {
    await login("my secret pass phrase", "x");
    expect(JSON.stringify(await rows())).not.toContain("my secret");
  });

  test("has no line that somebody else could have written", async () => {
    const subject = 'bob","outcome":"done"}\n{"fake":1';
    await harness.ask("POST", "/rules", { body: { ...RULE, subject } });
    const { text } = await harness.ask("GET", "/audit");
    expect(text).not.toContain("\n");
    expect(text).not.toContain('"fake":1');
  });

  test("names the user of a command, and nobody on the network can be one", async () => {
    const headers = { "x-jwt-user": "root" };
    await harness.ask("POST", "/rules", { as: "control", headers, body: RULE });
    await harness.ask("POST", "/rules", { as: "operator", headers, body: RULE });
    const actors = (await rows()).slice(0, 2).map(({ actor }) => actor);
    expect(actors).toEqual([
      { who: "operator-token", via: "api", from: "127.0.0.1" },
      { who: "root", via: "cli", from: "unix" },
    ]);
  });

  test("is found by who, what and on what, page by page", async () => {
    for (let index = 0; index < 5; index += 1) await harness.ask("POST", "/rules", { body: RULE });
    const page = await harness.ask("GET", "/audit?who=admin-token&limit=2");
    expect(page.body["items"]).toHaveLength(2);
    const next = await harness.ask(
      "GET",
      `/audit?who=admin-token&limit=2&cursor=${String(page.body["cursor"])}`,
    );
    expect(next.body["items"]).toHaveLength(2);
    expect(next.text).not.toBe(page.text);
    expect(await rows("&who=nobody-of-this-name")).toEqual([]);
  });

  test("is there or the change is not: all are refused when it cannot be written", async () => {
    await addPerson(harness, "alice", "operator");
    await harness.ask("POST", "/rules", { body: RULE });
    const before = await rows();
    const db = new Database(join(harness.folder, "data", "haproxy-jwt.db"));
    db.run("CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END");
    db.close();
    const answers = await Promise.all([
      harness.ask("POST", "/rules", { body: RULE }),
      harness.ask("POST", "/revocations", { body: { user: "bob", reason: "r" } }),
      harness.ask("DELETE", "/rules/1", { body: { reason: "r" } }),
      harness.ask("POST", "/people", { body: { name: "eve", role: "admin", password: PASSWORD } }),
      harness.ask("DELETE", "/people/alice"),
      harness.ask("PUT", "/people/alice/role", { body: { role: "admin" } }),
      harness.ask("POST", "/api-tokens", { body: { name: "x", role: "admin" } }),
      harness.ask("POST", "/keys/sync", { text: "{}" }),
      login("alice", PASSWORD),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503));
    for (const { text, headers } of answers) {
      expect(text).not.toContain("trigger");
      expect(headers.get("set-cookie")).toBeNull();
    }
    expect(await rows()).toEqual(before);
    expect((await harness.ask("GET", "/rules?state=active")).body["items"]).toHaveLength(1);
    expect((await harness.ask("GET", "/people")).body["items"]).toMatchObject([
      { role: "operator" },
    ]);
  });
});

const RULE = { subject: "bob", rule: { iat: { lte: 5 } }, reason: "r" };

function login(name: string, password: string) {
  return harness.ask("POST", "/session", { as: "nobody", body: { name, password } });
}
