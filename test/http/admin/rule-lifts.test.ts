/** Lifting rules through the API. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { createHarness, NOW, type Harness } from "./harness.ts";
import { addRule, liftRule, type LiftRule } from "./rule-calls.ts";

const stack = new AsyncDisposableStack();
let harness: Harness;

beforeEach(async () => {
  harness = await createHarness(stack);
});
afterAll(() => stack.disposeAsync());

const add = () => addRule(harness);
const lift: LiftRule = (id, headers) => liftRule(harness, id, headers);

const verdictOf = async (token: string) => {
  const answer = await harness.ask("POST", "/tokens/inspect", { body: { token } });
  return answer.body;
};

describe("DELETE /rules/:id", () => {
  test("lifts a rule and keeps it in the history", async () => {
    await add();
    const token = harness.token();
    expect((await lift(1)).body).toMatchObject({ id: 1 });
    expect(await verdictOf(token)).toMatchObject({ valid: true });
    const rule = await harness.ask("GET", "/rules/1");
    expect(rule.body).toMatchObject({
      state: "lifted",
      lifted: { at: NOW, reason: "came back", by: { who: "admin-token", via: "api" } },
    });
  });

  test("refuses a rule that is lifted already, or was never there", async () => {
    await add();
    await lift(1);
    const again = await lift(1);
    expect([again.status, again.body["title"]]).toEqual([409, "Rule 1 is lifted already"]);
    for (const id of [2, 0, -1, "1e0", "01", "x", "9".repeat(20), "%00", "1%2f2"]) {
      expect([id, (await lift(id)).status]).toEqual([id, 404]);
    }
  });

  test("needs a reason", async () => {
    await add();
    expect((await harness.ask("DELETE", "/rules/1", { body: {} })).status).toBe(422);
    expect((await harness.ask("DELETE", "/rules/1", { body: { reason: " " } })).status).toBe(422);
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const asForm = await harness.ask("DELETE", "/rules/1", { text: "reason=a", headers: form });
    expect(asForm.status).toBe(415);
    expect((await harness.ask("GET", "/rules/1")).body["state"]).toBe("active");
  });

  test.each([
    ["no body", "", {}],
    ["an empty body", "", { text: "" }],
    ["an empty reason in the address", "?reason=", {}],
  ])("says that a reason is needed, to %s", async (_, query, init) => {
    await add();
    const answer = await harness.ask("DELETE", `/rules/1${query}`, init);
    expect(answer.body).toMatchObject({ status: 422, path: "/reason", code: "invalid" });
    expect(answer.body["title"]).toContain("for a reason");
    expect((await harness.ask("GET", "/rules/1")).body["state"]).toBe("active");
  });

  test.each([
    ["without a body", {}],
    ["beside an empty body", { text: "" }],
    ["beside the same one in the body", { body: { reason: "came back" } }],
  ])("takes the reason from the address, %s", async (_, init) => {
    await add();
    const answer = await harness.ask("DELETE", "/rules/1?reason=came%20back", init);
    expect(answer.status).toBe(200);
    const rule = await harness.ask("GET", "/rules/1");
    expect(rule.body["lifted"]).toMatchObject({ reason: "came back" });
  });

  test("is as strict with a reason in the address", async () => {
    await add();
    for (const reason of ["%20", "a%0Ab", "x".repeat(1001), "other"]) {
      const body = reason === "other" ? { body: { reason: "came back" } } : {};
      const answer = await harness.ask("DELETE", `/rules/1?reason=${reason}`, body);
      expect(answer.body).toMatchObject({ status: 422, path: "/reason" });
    }
    expect((await harness.ask("GET", "/rules/1")).body["state"]).toBe("active");
  });

  test("does not take another reason for the same request", async () => {
    await add();
    const headers = { "idempotency-key": "once" };
    const by = (reason: string) => harness.ask("DELETE", `/rules/1?reason=${reason}`, { headers });
    expect((await by("one")).status).toBe(200);
    expect((await by("one")).body["replayed"]).toBe(true);
    expect((await by("two")).status).toBe(409);
  });

  test("lifts only what is as If-Match says", async () => {
    await add();
    const etag = (await harness.ask("GET", "/rules/1")).headers.get("etag") ?? "";
    expect(etag).toMatch(/^"1-\d+"$/);
    expect((await lift(1, { "if-match": '"1-999"' })).status).toBe(412);
    expect((await lift(1, { "if-match": `"1-998", ${etag}` })).status).toBe(200);
    expect((await harness.ask("GET", "/rules/1")).headers.get("etag")).not.toBe(etag);
    expect((await lift(1, { "if-match": etag })).status).toBe(412);
  });
});
