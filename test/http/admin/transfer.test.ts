/** Importing, exporting and backing up through the API. */
import { Database } from "bun:sqlite";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { createHarness, NOW, type Answer, type Harness } from "./harness.ts";

const stack = new AsyncDisposableStack();
let harness: Harness;

beforeEach(async () => {
  harness = await createHarness(stack);
});
afterAll(() => stack.disposeAsync());

const LINES = { "content-type": "application/x-ndjson" };

const importText = (text: string, query = ""): Promise<Answer> =>
  harness.ask("POST", `/import${query}`, { text, headers: LINES });

const line = (more: Readonly<Record<string, unknown>> = {}) =>
  `${JSON.stringify({ subject: "bob", rule: { jti: "1" }, reason: "r", ...more })}\n`;

const countRules = async () =>
  ((await harness.ask("GET", "/rules?limit=200")).body["items"] as unknown[]).length;

const toMember = (key: string, score: number | string) =>
  `${JSON.stringify({ key, member: '{"iat":{"lte":5}}', score })}\n`;

describe("POST /import", () => {
  test("puts all lines in force at once", async () => {
    const answer = await importText(
      line() + line({ subject: "carol" }) + line({ scope: "global", subject: undefined }),
    );
    expect(answer.body).toMatchObject({
      added: 3,
      refused: 0,
      problems: [],
      seq: expect.any(Number),
    });
    const { body } = await harness.ask("POST", "/tokens/inspect", {
      body: { token: harness.token({ jti: "1" }) },
    });
    expect(body).toMatchObject({ valid: false, detail: "revoked" });
  });

  test("takes a seed's set, g read as global, and leaves out what is over", async () => {
    const answer = await importText(
      toMember("{ms-users}jwt-rules:bob", 0) +
        toMember("{ms-users}jwt-rules:g", "0") +
        toMember("{ms-users}jwt-rules:carol", NOW - 5),
    );
    expect(answer.body).toMatchObject({ added: 2, expired: 1 });
    const rules = await harness.ask("GET", "/rules?scope=global");
    expect(rules.body["items"]).toHaveLength(1);
  });

  test("imports nothing when a line is refused, and names each", async () => {
    const answer = await importText(
      `${line()}${line({ rule: {} })}\n${line({ reason: "" })}not json\n`,
    );
    expect(answer.status).toBe(422);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body).toMatchObject({ added: 0, refused: 3 });
    const problems = answer.body["problems"] as readonly { line: number }[];
    expect(problems.map((problem) => problem.line)).toEqual([2, 4, 5]);
    expect(answer.body).not.toContainKey("seq");
    expect(await countRules()).toBe(0);
  });

  test("imports the others when asked to go on", async () => {
    const answer = await importText(
      `${line()}oops\n${line({ subject: "carol" })}`,
      "?continue=true",
    );
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ added: 2, refused: 1, problems: [{ line: 2 }] });
    expect(await countRules()).toBe(2);
  });

  test("names a hundred lines at most", async () => {
    const answer = await importText("x\n".repeat(1000), "?continue=true");
    expect(answer.body).toMatchObject({ added: 0, refused: 1000 });
    expect(answer.body["problems"]).toHaveLength(100);
  });

  test("reads lines however they are cut, with either line end, the last without one", async () => {
    const bytes = Buffer.from(`${line({ subject: "Zoë" }).trim()}\r\n\n${line().trim()}`);
    for (const size of [1, 3, 7]) {
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < bytes.length; at += size)
            controller.enqueue(bytes.subarray(at, at + size));
          controller.close();
        },
      });
      const request = new Request("http://localhost/api/v1/import", {
        method: "POST",
        headers: LINES,
        body: stream,
      });
      const response = await harness.handle(request, { kind: "control", from: "unix" });
      expect(await response.json()).toMatchObject({ added: 2 });
    }
    const { text } = await harness.ask("GET", "/rules?subject=Zo%C3%AB");
    expect(text).toContain("Zoë");
  });

  test("imports nothing of a stream that breaks off", async () => {
    let pulls = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulls += 1;
        if (pulls > 3) controller.error(new Error("gone"));
        else controller.enqueue(Buffer.from(line().repeat(500)));
      },
    });
    const request = new Request("http://localhost/api/v1/import", {
      method: "POST",
      headers: LINES,
      body: stream,
    });
    const response = await harness.handle(request, { kind: "control", from: "unix" });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await countRules()).toBe(0);
  });

  test("imports nothing of what its sender gave up", async () => {
    const left = new AbortController();
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(Buffer.from(line()));
        left.abort();
        controller.close();
      },
    });
    const request = new Request("http://localhost/api/v1/import", {
      method: "POST",
      headers: LINES,
      body: stream,
      signal: left.signal,
    });
    const response = await harness.handle(request, { kind: "control", from: "unix" });
    expect(response.status).toBe(503);
    expect(await countRules()).toBe(0);
  });

  test("lets judgements go on meanwhile", async () => {
    let judged = 0;
    const over = new AbortController();
    const token = harness.token();
    const judging = (async () => {
      while (!over.signal.aborted) {
        await harness.ask("POST", "/tokens/inspect", { body: { token } });
        judged += 1;
        // Requests come from the network: each begins with a turn of the event loop.
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const text = Array.from({ length: 3000 }, (_, index) =>
      line({ rule: { jti: `x${index}` } }),
    ).join("");
    expect((await importText(text)).body).toMatchObject({ added: 3000 });
    over.abort();
    await judging;
    expect(judged).toBeGreaterThan(10);
  });

  test("refuses other types, other roles, and lines that never end", async () => {
    const asJson = await harness.ask("POST", "/import", { text: line() });
    expect(asJson.status).toBe(415);
    const asOperator = await harness.ask("POST", "/import", {
      text: line(),
      headers: LINES,
      as: "operator",
    });
    expect(asOperator.status).toBe(403);
    expect((await importText("x".repeat(200_000))).status).toBe(413);
    expect((await importText(line(), "?continue=yes")).status).toBe(422);
    expect((await importText(line(), "?source=a%0Ab")).status).toBe(422);
    expect(await countRules()).toBe(0);
  });

  test("takes nothing for nothing", async () => {
    expect((await importText("\n\n")).body).toMatchObject({ added: 0, refused: 0 });
  });
});

const withoutOrigin = (text: string) => text.replaceAll(/,"addedAt".*$/gm, "");

describe("GET /export", () => {
  test("gives back what an import takes, with the same verdicts", async () => {
    const first = line({ rule: { sub: "bob", role: { in: ["a", "b"] } } });
    await importText(
      first + line({ scope: "global", subject: undefined, rule: { cs: 7 }, expireAt: NOW + 60 }),
    );
    await harness.ask("POST", "/rules", {
      body: { subject: "x", rule: { a: 1 }, reason: "to be lifted" },
    });
    await harness.ask("DELETE", "/rules/3", { body: { reason: "r" } });
    const exported = await harness.ask("GET", "/export", { as: "viewer" });
    expect(exported.headers.get("content-type")).toBe("application/x-ndjson");
    expect(exported.text.trim().split("\n")).toHaveLength(2);
    const other = await createHarness(stack);
    const answer = await other.ask("POST", "/import", { text: exported.text, headers: LINES });
    expect(answer.body).toMatchObject({ added: 2 });
    const again = await other.ask("GET", "/export");
    expect(withoutOrigin(again.text)).toBe(withoutOrigin(exported.text));
  });

  test("gives what is looked for", async () => {
    await importText(line() + line({ subject: "carol" }));
    const { text } = await harness.ask("GET", "/export?subject=carol");
    expect(text.trim().split("\n")).toHaveLength(1);
    expect(text).toContain("carol");
    expect((await harness.ask("GET", "/export?limit=1")).status).toBe(422);
  });

  test("gives thousands", async () => {
    await importText(
      Array.from({ length: 2500 }, (_, index) => line({ rule: { jti: `${index}` } })).join(""),
    );
    expect((await harness.ask("GET", "/export")).text.trim().split("\n")).toHaveLength(2500);
    expect((await harness.ask("GET", "/export?q=bob")).text.trim().split("\n")).toHaveLength(2500);
  });
});

describe("POST /backup", () => {
  test("gives the whole store to a command, and to nobody on the network", async () => {
    await importText(line());
    expect((await harness.ask("POST", "/backup", { body: {} })).status).toBe(403);
    const request = new Request("http://localhost/api/v1/backup", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"file":"/backups/monday.db"}',
    });
    const response = await harness.handle(request, { kind: "control", from: "unix" });
    const { body } = await harness.ask("GET", "/audit?action=store.backup");
    expect(body["items"]).toMatchObject([{ target: "/backups/monday.db" }]);
    const bytes = await response.bytes();
    expect(bytes.length).toBe(Number(response.headers.get("x-backup-bytes")));
    const file = join(harness.folder, "copy.db");
    writeFileSync(file, bytes);
    const db = new Database(file, { readonly: true });
    expect(db.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
    expect(db.query("SELECT count(*) FROM rule").values()).toEqual([[1]]);
    db.close();
    const left = await Array.fromAsync(new Bun.Glob("*backup*").scan(join(harness.folder, "data")));
    expect(left).toEqual([]);
  });
});

describe("POST /store/check", () => {
  test("says what SQLite finds", async () => {
    expect((await harness.ask("POST", "/store/check", { body: {} })).body).toEqual({
      problems: [],
    });
    expect((await harness.ask("POST", "/store/check", { body: {}, as: "operator" })).status).toBe(
      403,
    );
  });
});
