/** What lists are narrowed and ordered by, beside their search: way in, order, time. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { createHarness, NOW, type Harness } from "./harness.ts";

const stack = new AsyncDisposableStack();
let harness: Harness;

beforeEach(async () => {
  harness = await createHarness(stack);
  for (const subject of ["ann", "bob", "cid"]) {
    const rule = { iat: { lte: NOW } };
    // oxlint-disable-next-line no-await-in-loop -- their order is what is tested
    await harness.ask("POST", "/rules", { body: { subject, rule, reason: "r" } });
    harness.clock.now += 100;
  }
  const body = { scope: "global", rule: { client_id: "x" }, reason: "r" };
  await harness.ask("POST", "/rules", { body, as: "control" });
});
afterAll(() => stack.disposeAsync());

const idsOf = async (query: string) => {
  const { body } = await harness.ask("GET", `/rules?${query}`);
  return (body["items"] as { id: number }[]).map(({ id }) => id);
};

const rulesIn = async (query: string) => {
  const { body } = await harness.ask("GET", `/audit?action=rule.add&${query}`);
  return (body["items"] as { target: string }[]).map(({ target }) => target);
};

describe("GET /rules", () => {
  test.each([
    ["", [4, 3, 2, 1]],
    ["order=desc", [4, 3, 2, 1]],
    ["order=asc", [1, 2, 3, 4]],
    ["order=asc&subject=bob", [2]],
    ["order=asc&scope=global", [4]],
    ["order=asc&scope=subject", [1, 2, 3]],
    ["order=asc&q=cid", [3]],
    ["via=cli", [4]],
    ["via=api", [3, 2, 1]],
    ["via=api&order=asc", [1, 2, 3]],
    ["via=import", []],
  ])("answers %p with %p", async (query, ids) => {
    expect(await idsOf(query)).toEqual(ids);
  });

  test("pages oldest first through all, each once", async () => {
    const seen: number[] = [];
    let cursor = "";
    do {
      // oxlint-disable-next-line no-await-in-loop -- page after page
      const { body } = await harness.ask("GET", `/rules?order=asc&limit=3${cursor}`);
      seen.push(...(body["items"] as { id: number }[]).map(({ id }) => id));
      cursor = typeof body["cursor"] === "string" ? `&cursor=${body["cursor"]}` : "";
    } while (cursor !== "");
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  test("refuses one order's cursor in the other, and what it does not know", async () => {
    const { body } = await harness.ask("GET", "/rules?limit=2");
    const turned = await harness.ask("GET", `/rules?order=asc&cursor=${String(body["cursor"])}`);
    expect(turned.status).toBe(400);
    for (const query of ["order=up", "via=post", "sort=id"]) {
      // oxlint-disable-next-line no-await-in-loop
      expect((await harness.ask("GET", `/rules?${query}`)).status).toBe(422);
    }
  });
});

describe("GET /audit", () => {
  test.each([
    [`from=${NOW + 100}`, ["4", "3", "2"]],
    [`to=${NOW + 100}`, ["2", "1"]],
    [`from=${NOW + 100}&to=${NOW + 200}`, ["3", "2"]],
    [`from=${NOW + 1000}`, []],
  ])("answers %p with what lies between, both ends included", async (query, targets) => {
    expect(await rulesIn(query)).toEqual(targets);
  });

  test.each(["from=-1", "from=now", "to=1.5"])("refuses %p", async (query) => {
    expect((await harness.ask("GET", `/audit?${query}`)).status).toBe(422);
  });
});
