/** The table of rules: finding, reading, lifting, exporting; two people at once; a viewer; hostile texts. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { login, post } from "../helpers/admin-people.ts";
import { awaitProof, startStage, type Stage } from "../helpers/page-stage.ts";
import { mint } from "../helpers/mint.ts";
import { claims, expiredToken, foreignToken } from "../helpers/tokens.ts";

const EVIL = `<script>document.title="owned"</script><img src=x onerror="document.title='owned'">`;

let stack: AsyncDisposableStack;
let stage: Stage;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  stage = await startStage(stack);
  const cookie = await login(stage.edge.server, "ops");
  for (const subject of ["carol", "dave", EVIL]) {
    const rule = { client_id: EVIL };
    await post(stage.edge.server, "/rules", { subject, rule, reason: `about ${subject}` }, cookie);
  }
}, 60_000);
afterAll(() => stack.disposeAsync());

describe("the table of rules", () => {
  test("finds by person and keeps the search in the address", async () => {
    const { page, context } = await stage.enter("vera", "/rules");
    await page.getByText("about carol").waitFor();
    await page.getByRole("searchbox").fill("carol");
    await page.getByText("about dave").waitFor({ state: "detached" });
    expect(new URL(page.url()).searchParams.get("q")).toBe("carol");
    await page.reload();
    await page.getByText("about carol").waitFor();
    expect(await page.getByText("about dave").count()).toBe(0);
    await page.getByRole("searchbox").fill("nobody at all");
    await page.getByText("No rule fits “nobody at all”").waitFor();
    await page.getByRole("button", { name: "Clear the search" }).click();
    await page.getByText("about dave").waitFor();
    await context.close();
  });

  test("is sorted by its end, by a head or, where rows are cards, by a choice", async () => {
    const cookie = await login(stage.edge.server, "ops");
    const end = Math.floor(Date.now() / 1000) + 86_400;
    for (const [subject, expireAt] of [
      ["later", end + 50],
      ["sooner", end],
    ] as const) {
      const rule = { subject, rule: { azp: "x" }, expireAt, reason: "for a while" };
      expect((await post(stage.edge.server, "/rules", rule, cookie)).status).toBe(201);
    }
    const wide = await stage.enter("vera", "/rules");
    const firstOf = async ({ page }: typeof wide, name: string) =>
      page.locator("tbody tr").first().getByText(name, { exact: true }).waitFor();
    await firstOf(wide, "sooner");
    const head = wide.page.getByRole("columnheader", { name: "Ends" });
    await head.getByRole("button").click();
    await firstOf(wide, "sooner");
    expect(await head.getAttribute("aria-sort")).toBe("ascending");
    expect(new URL(wide.page.url()).search).toBe("?sort=end&order=asc");
    await head.getByRole("button").click();
    await wide.page.locator("tbody tr").first().getByText("until lifted").waitFor();
    expect(await head.getAttribute("aria-sort")).toBe("descending");
    await wide.page.getByRole("button", { name: "Written" }).click();
    await firstOf(wide, "sooner");
    await wide.context.close();
    const narrow = await stage.enter("vera", "/rules", { width: 360, height: 740 });
    await narrow.page.getByRole("combobox", { name: "Order" }).selectOption("Ending next first");
    await firstOf(narrow, "sooner");
    await narrow.page.getByRole("combobox", { name: "Order" }).selectOption("Oldest first");
    await firstOf(narrow, "carol");
    expect(await narrow.page.getByRole("button", { name: "Ends" }).count()).toBe(0);
    await narrow.context.close();
  });

  test("shows markup in names, rules and reasons as text", async () => {
    const { page, context, errors } = await stage.enter("ops", "/rules");
    await page.getByText(EVIL).first().waitFor();
    await page.getByText(`about ${EVIL}`).click();
    await page.getByRole("heading", { name: /^Rule \d+$/ }).waitFor();
    await page.getByText(EVIL).first().waitFor();
    await page.goto("/audit");
    await page.getByText(`about ${EVIL}`).waitFor();
    expect(await page.title()).toBe("Audit · haproxy-jwt");
    expect(errors).toEqual([]);
    await context.close();
  });

  test("says in the audit whom a rule revoked, and is found there by the name", async () => {
    const { page, context } = await stage.enter("vera", "/audit?target=carol");
    const row = page.getByRole("row", { name: "about carol" });
    await row.getByText("ops revoked tokens of carol (rule 1)").waitFor();
    await page.getByText("about dave").waitFor({ state: "detached" });
    await context.close();
  });

  test("says of a number without a rule that there is none, and leads back", async () => {
    const { page, context } = await stage.enter("vera", "/rules/999", {
      expectedStatuses: [401, 404],
    });
    await page.getByText("There is no rule 999").waitFor();
    await page.getByRole("link", { name: "All rules" }).click();
    await page.getByText("about carol").waitFor();
    await context.close();
  });

  test("exports what is shown, a rule a line", async () => {
    const { page, context } = await stage.enter("vera", "/rules?q=carol");
    await page.getByText("about carol").waitFor();
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export" }).click();
    const lines = readFileSync(await (await download).path(), "utf8")
      .trim()
      .split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { subject: string }).subject)).toEqual([
      "carol",
    ]);
    await context.close();
  });
});

describe("lifting", () => {
  test("needs a reason, tells who was faster, and stays in the history", async () => {
    const [one, two] = [
      await stage.enter("ops", "/rules?q=carol"),
      await stage.enter("root", "/rules?q=carol", { expectedStatuses: [401, 409, 412] }),
    ];
    for (const { page } of [one, two]) {
      await page.getByText("about carol").click();
      await page.getByRole("button", { name: "Lift this rule…" }).click();
    }
    const dialog = one.page.getByRole("dialog");
    await dialog.getByRole("button", { name: /^Lift rule/ }).click();
    await dialog.getByText("Say why").waitFor();
    await dialog.getByRole("textbox").fill("it was a mistake");
    await dialog.getByRole("button", { name: /^Lift rule/ }).click();
    await awaitProof(one.page, "is lifted");
    await one.page.getByText("it was a mistake").first().waitFor();
    const late = two.page.getByRole("dialog");
    await late.getByRole("textbox").fill("me too");
    await late.getByRole("button", { name: /^Lift rule/ }).click();
    await two.page.getByRole("button", { name: "Lift this rule…" }).waitFor({ state: "detached" });
    await late.getByText(/Somebody else has changed this rule|already lifted/i).waitFor();
    await one.context.close();
    await two.context.close();
  });

  test("by somebody else is offered to whoever looks at the list, not thrown at him", async () => {
    const { page, context } = await stage.enter("vera", "/rules");
    await page.getByText("about dave").waitFor();
    await page
      .getByText(/Enforcing|No HAProxy/)
      .first()
      .waitFor();
    const cookie = await login(stage.edge.server, "ops");
    await post(stage.edge.server, "/revocations", { user: "erin", reason: "about erin" }, cookie);
    await page.getByText("There are newer changes.").waitFor();
    expect(await page.getByText("about erin").count()).toBe(0);
    await page.getByRole("button", { name: "Show them" }).click();
    await page.getByText("about erin").waitFor();
    await context.close();
  });
});

describe("a viewer", () => {
  test("sees everything and is offered nothing that he may not do", async () => {
    const { page, context } = await stage.enter("vera", "/rules?q=dave");
    await page.getByText("about dave").click();
    await page.getByText("History").waitFor();
    expect(await page.getByRole("button", { name: "Lift this rule…" }).count()).toBe(0);
    expect(await page.getByRole("link", { name: "People" }).count()).toBe(0);
    await page.goto("/revoke");
    await page.getByText("writing rules needs an operator").waitFor();
    await page.getByRole("textbox", { name: "Who" }).fill("dave");
    await page.getByText("Every token of dave").waitFor();
    expect(await page.locator('button[data-kind="danger"]').count()).toBe(0);
    await page.goto("/people");
    await page.getByText("needs an admin").waitFor();
    await page.goto("/keys");
    await page.getByText("Thumbprint").waitFor();
    expect(await page.getByRole("button", { name: "Read all now" }).count()).toBe(0);
    await context.close();
  });
});

describe("inspecting", () => {
  test("says of each token what HAProxy would, with claims as text", async () => {
    const { page, context, errors } = await stage.enter("vera", "/inspect");
    const judge = async (token: string) => {
      await page.getByRole("textbox", { name: "The token" }).fill(token);
      await page.getByRole("button", { name: "Inspect" }).click();
    };
    const { keys } = stage.edge;
    await judge(mint(keys.rs, claims({ [EVIL]: EVIL, n: 1 })));
    await page.getByText("It is valid for another").waitFor();
    await page.getByText(EVIL).first().waitFor();
    await judge(mint(keys.rs, claims({ username: "dave", sub: "dave", client_id: EVIL })));
    await page.getByRole("link", { name: /^Rule \d+$/ }).waitFor();
    await judge(expiredToken(keys));
    await page.getByText("Its time is over.").waitFor();
    await judge(foreignToken(keys));
    await page.getByText("nothing in them has been verified").waitFor();
    await judge("garbage");
    await page.getByText("This is not a token").waitFor();
    expect(await page.getByRole("textbox", { name: "The token" }).inputValue()).toBe("garbage");
    expect(await page.title()).toBe("Inspect · haproxy-jwt");
    expect(errors).toEqual([]);
    await context.close();
  });

  test("keeps exact what JavaScript would round", async () => {
    const { page, context } = await stage.enter("vera", "/inspect");
    const payload = JSON.stringify(claims()).replace(/}$/, ',"cs":1712345678901234567}');
    await page.getByRole("textbox", { name: "The token" }).fill(mint(stage.edge.keys.rs, payload));
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.getByText("1712345678901234567").waitFor();
    await context.close();
  });
});

describe("people and API tokens", () => {
  test("are added, shown once, changed and taken away", async () => {
    const { page, context, errors } = await stage.enter("root", "/people", {
      expectedStatuses: [401, 409, 422],
    });
    await page.getByRole("button", { name: "Add somebody" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("ops");
    await dialog.getByLabel("Password").fill("velvet notebook umbrella quartz");
    await page.keyboard.press("Enter");
    await dialog.getByRole("alert").waitFor();
    await dialog.getByLabel("Name").fill("newcomer");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("row", { name: /newcomer/ }).waitFor();
    await page.getByRole("button", { name: "Remove… newcomer" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove newcomer" }).click();
    await page.getByRole("row", { name: /newcomer/ }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Make a token" }).click();
    await dialog.getByLabel("Name").fill("siem");
    await page.keyboard.press("Enter");
    const secret = await page
      .getByRole("dialog", { name: "Token siem" })
      .locator("code")
      .innerText();
    expect(secret).toMatch(/^hjwt_[\w-]{43}$/);
    const headers = { authorization: `Bearer ${secret}` };
    expect((await fetch(`${stage.origin}/api/v1/rules`, { headers })).status).toBe(200);
    await page.getByRole("button", { name: "I have copied it" }).click();
    expect(await page.getByText(secret).count()).toBe(0);
    await page.getByRole("button", { name: "Revoke… siem" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke siem" }).click();
    await page.getByRole("row", { name: /siem/ }).getByText("revoked").waitFor();
    expect((await fetch(`${stage.origin}/api/v1/rules`, { headers })).status).toBe(401);
    expect(errors).toEqual([]);
    await context.close();
  });

  test("do not leave the place without an admin", async () => {
    const { page, context } = await stage.enter("root", "/people", {
      expectedStatuses: [401, 409],
    });
    await page.getByRole("button", { name: "Remove… root" }).click();
    await page.getByRole("dialog", { name: "Remove yourself?" }).getByText("This is you").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Remove root" }).click();
    await page.getByRole("dialog").getByRole("alert").waitFor();
    await context.close();
  });
});
