/** A rule by hand on the page: conditions and JSON follow each other, errors stand where they are. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { mint } from "../helpers/mint.ts";
import { awaitProof, proofOn, startStage, type Stage } from "../helpers/page-stage.ts";
import { claims } from "../helpers/tokens.ts";

let stack: AsyncDisposableStack;
let stage: Stage;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  stage = await startStage(stack);
}, 60_000);
afterAll(() => stack.disposeAsync());

const json = (page: Page) => page.getByRole("textbox", { name: /The same as JSON/ });
const box = (page: Page, name: string | RegExp) => page.getByRole("textbox", { name });
const act = (page: Page) => page.locator('button[data-kind="danger"]');

describe("the builder", () => {
  test("writes what was put together, every number exact", async () => {
    const cs = 1712345678901234567n;
    const payload = JSON.stringify(claims({ username: "anna", sub: "anna" })).replace(
      /}$/,
      `,"cs":${cs}}`,
    );
    const other = JSON.stringify(claims({ username: "anna", sub: "anna" })).replace(
      /}$/,
      `,"cs":${cs + 1n}}`,
    );
    const { rs } = stage.edge.keys;
    const { page, context, errors } = await stage.enter("ops", "/revoke/rule");
    await box(page, /^Who$/).fill("anna");
    await box(page, "Claim").fill("cs");
    await page.getByLabel("Type of the value").selectOption("number");
    await box(page, "Value").fill(String(cs));
    expect(await json(page).inputValue()).toBe(`{\n  "cs": ${cs}\n}`);
    await page.getByText(`cs is ${cs}`).first().waitFor();
    await box(page, "Why").fill("one session");
    await act(page).click();
    await awaitProof(page, "A rule for anna is in force");
    await stage.awaitVerdict(mint(rs, payload), "revoked");
    await stage.awaitVerdict(mint(rs, other), "ok");
    expect(errors).toEqual([]);
    await context.close();
  });

  test("takes a moment for a number, and warns of a text that never matches", async () => {
    const { page, context } = await stage.enter("ops", "/revoke/rule");
    await box(page, "Claim").fill("iat");
    await page.getByLabel("How it is compared").selectOption("lte");
    await box(page, "Value").fill("1995839480");
    expect(normalize(await json(page).inputValue())).toEqual({ iat: { lte: 1_995_839_480 } });
    const warning = page.getByText("iat is a number: this never matches.");
    expect(await warning.count()).toBe(0);
    await page.getByLabel("Type of the value").selectOption("text");
    await warning.waitFor();
    await context.close();
  });

  test.each([
    [
      "every operator",
      '{"a":{"eq":1},"b":{"ne":"x"},"c":{"gt":1,"lte":5},"d":{"gte":"a","lt":"b"},"e":{"in":["x",2,null,true]},"f":{"sw":"p"},"g":{"regex":"^p+$"},"h":{"exists":false}}',
    ],
    ["_or on top and inside", '{"_or":true,"a":"x","b":{"_or":true,"lt":5,"exists":false}}'],
    ["members of members", '{"realm":{"_or":true,"roles":{"sw":"adm"},"deep":{"er":{"ne":null}}}}'],
  ])("takes %s from JSON to conditions and back", async (_, rule) => {
    const { page, context } = await stage.enter("ops", "/revoke/rule");
    await box(page, /^Who$/).fill("anna");
    await json(page).fill(rule);
    await page.getByText("Rule that will be written").waitFor();
    // A change on the other side writes the JSON anew, from what was understood.
    await page.getByRole("button", { name: "Condition", exact: true }).click();
    await page.getByRole("button", { name: /Remove condition on a claim/ }).click();
    expect(normalize(await json(page).inputValue())).toEqual(normalize(rule));
    await context.close();
  });

  test.each([
    [
      '{"iat": {"lte": tomorrow}}',
      "Line 1, column 17: this is no JSON value: texts stand in quotes",
    ],
    ['{\n  "a": 1,\n  "a": 2\n}', "Line 3, column 3: “a” is here twice"],
    ["{}", "An empty rule would match every token"],
    ['{"iat": {"before": 5}}', "“before” is no operator"],
    ['{"iat": {"lte": true}}', "“lte” needs a number or a text"],
    ['{"a": {"in": []}}', "“in” needs a list"],
    ['{"a": [1]}', "“eq” needs a text"],
    ['{"_or": 1, "a": 2}', "“_or” is true or false"],
    ['["a"]', "A rule starts with {"],
  ])("says where %s is wrong, and writes nothing", async (text, message) => {
    const { page, context } = await stage.enter("ops", "/revoke/rule");
    await json(page).fill(text);
    await page.getByText(message).first().waitFor();
    expect(await json(page).inputValue()).toBe(text);
    expect(await act(page).getAttribute("aria-disabled")).toBe("true");
    await context.close();
  });

  test("shows no conditions beside JSON that says something else, and goes back on demand", async () => {
    const { page, context } = await stage.enter("ops", "/revoke/rule");
    await json(page).fill('{"client_id":"old-app"}');
    await box(page, "Claim").waitFor();
    await json(page).fill('{"client_id":');
    await box(page, "Claim").waitFor({ state: "detached" });
    await page
      .getByRole("button", { name: "Discard the JSON, back to the last conditions" })
      .click();
    expect(await box(page, "Claim").inputValue()).toBe("client_id");
    expect(normalize(await json(page).inputValue())).toEqual({ client_id: "old-app" });
    await context.close();
  });

  test("shows the server's refusal at the row it is about", async () => {
    const { page, context } = await stage.enter("ops", "/revoke/rule", {
      expectedStatuses: [401, 422],
    });
    await box(page, /^Who$/).fill("anna");
    await box(page, "Claim").fill("client_id");
    await page.getByLabel("How it is compared").selectOption("regex");
    await box(page, "Value").fill("(a");
    await page.getByRole("group", { name: "Condition on client_id" }).getByRole("alert").waitFor();
    expect(await box(page, "Value").inputValue()).toBe("(a");
    expect(await proofOn(page).count()).toBe(0);
    await context.close();
  });

  test("asks to type whom a rule for everybody hits", async () => {
    const { page, context } = await stage.enter("ops", "/revoke/rule");
    await page.getByLabel("For whom").selectOption("global");
    await box(page, "Claim").fill("client_id");
    await box(page, "Value").fill("old-app");
    await box(page, "Why").fill("retired");
    await page.locator('button[data-kind="danger"][aria-disabled="false"]').click();
    await page.getByRole("alert").getByText("Type “everybody” to confirm.").waitFor();
    expect(await proofOn(page).count()).toBe(0);
    await box(page, "Type “everybody” to confirm").fill("everybody");
    await act(page).click();
    await awaitProof(page, "A rule for everybody is in force");
    const token = mint(stage.edge.keys.rs, claims({ client_id: "old-app" }));
    await stage.awaitVerdict(token, "revoked");
    await context.close();
  });

  test("tries a rule on a token before it is written", async () => {
    const { page, context } = await stage.enter("vera", "/revoke/rule");
    await box(page, /^Who$/).fill("bob");
    await box(page, "Claim").fill("sub");
    await box(page, "Value").fill("bob");
    await page.getByText("Try it on a token").click();
    await box(page, /A token to try it on/).fill(mint(stage.edge.keys.rs, claims()));
    await page.getByText("would be refused").waitFor();
    await box(page, "Value").fill("somebody else");
    await page.getByText("would still pass").waitFor();
    await context.close();
  });
});

/** The rule as data; a bare value and its "eq" are the same. */
function normalize(text: string): unknown {
  const rule = JSON.parse(text) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(rule).map(([name, value]) => {
      const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
      const isEq = keys.length === 1 && keys[0] === "eq";
      return [name, isEq ? (value as { eq: unknown }).eq : value];
    }),
  );
}
