/** Each intent on the page, from the click to a request refused at HAProxy, and back by Undo. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { PASSWORD } from "../helpers/admin-people.ts";
import { openSeat } from "../helpers/browser.ts";
import { mint } from "../helpers/mint.ts";
import { awaitProof, proofOn, startStage, type Stage } from "../helpers/page-stage.ts";
import { claims, foreignToken, nowSeconds } from "../helpers/tokens.ts";
import { waitFor } from "../helpers/wait-for.ts";

let stack: AsyncDisposableStack;
let stage: Stage;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  stage = await startStage(stack);
}, 60_000);
afterAll(() => stack.disposeAsync());

const tokenOf = (who: string, more: Readonly<Record<string, unknown>> = {}) =>
  mint(stage.edge.keys.rs, claims({ username: who, sub: who, ...more }));
const box = (page: Page, name: string | RegExp) => page.getByRole("textbox", { name });
const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name });

/** Presses the red button once its consequence is in sight. */
async function press(page: Page, name: string | RegExp): Promise<void> {
  await page.locator('button[data-kind="danger"][aria-disabled="false"]').waitFor();
  await button(page, name).click();
}

describe("revoking a person", () => {
  test("takes six interactions from the login to enforced on every thread", async () => {
    const token = tokenOf("stolen");
    await stage.awaitVerdict(token, "ok");
    const { page, errors, context } = await openSeat(stage.browser, stage.origin);
    let interactions = 0;
    const act = async (what: Promise<unknown>) => {
      interactions += 1;
      await what;
    };
    await page.goto("/");
    await act(box(page, "Name").fill("ops"));
    await act(page.getByLabel("Password").fill(PASSWORD));
    await act(page.keyboard.press("Enter"));
    await act(box(page, "Who").fill("stolen"));
    await act(box(page, "Why").fill("Laptop stolen"));
    await act(button(page, "Revoke stolen").click());
    await awaitProof(page, "stolen is revoked");
    expect(interactions).toBeLessThanOrEqual(6);
    await stage.awaitVerdict(token, "revoked");
    expect(errors).toEqual([]);
    await context.close();
  });

  test("says beforehand whom it hits, and lets the others be", async () => {
    const [hit, spared] = [tokenOf("hit"), tokenOf("spared")];
    await stage.awaitVerdict(hit, "ok");
    await stage.awaitVerdict(spared, "ok");
    const { page, context } = await stage.enter("ops");
    await box(page, "Who").fill("hit");
    await page.getByText("Every token of hit").waitFor();
    await page
      .getByText(/until you press the button, and up to .* They can sign in again after that/)
      .waitFor();
    await box(page, "Why").fill("a test");
    await press(page, "Revoke hit");
    await awaitProof(page, "hit is revoked");
    await stage.awaitVerdict(hit, "revoked");
    await stage.awaitVerdict(spared, "ok");
    await stage.awaitVerdict(tokenOf("hit", { iat: nowSeconds() + 5 + 3 }), "not_yet_valid");
    await context.close();
  });

  test("is undone by one press, and accepted again", async () => {
    const token = tokenOf("back");
    const { page, context } = await stage.enter("ops");
    await box(page, "Who").fill("back");
    await box(page, "Why").fill("a mistake");
    await press(page, "Revoke back");
    await awaitProof(page, "back is revoked");
    await stage.awaitVerdict(token, "revoked");
    await button(page, "Undo").click();
    await proofOn(page)
      .getByText(/Rule \d+ is lifted/)
      .waitFor();
    await awaitProof(page, "is lifted");
    await stage.awaitVerdict(token, "ok");
    await context.close();
  });

  test("needs a reason, says so at the field, and keeps what was typed", async () => {
    const { page, context } = await stage.enter("ops");
    await box(page, "Who").fill("kept");
    await press(page, "Revoke kept");
    await page.getByText("Say why: it is kept with the rule").waitFor();
    expect(await box(page, "Who").inputValue()).toBe("kept");
    expect(await box(page, "Why").getAttribute("aria-invalid")).toBe("true");
    await waitFor("the focus at the field", () =>
      page.evaluate(() => document.activeElement?.getAttribute("name") === "why"),
    );
    await stage.awaitVerdict(tokenOf("kept"), "ok");
    await context.close();
  });

  test("does nothing on Enter: what destroys is never the default", async () => {
    const { page, context } = await stage.enter("ops");
    await box(page, "Why").fill("a reason");
    await box(page, "Who").fill("entered");
    await page.getByText("Every token of entered").waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("Every token of entered").waitFor();
    expect(await proofOn(page).count()).toBe(0);
    await stage.awaitVerdict(tokenOf("entered"), "ok");
    await context.close();
  });

  test("takes no token for a name or a reason", async () => {
    const { page, context } = await stage.enter("ops");
    await box(page, "Who").fill(tokenOf("x"));
    await page.getByText("This looks like a token.").waitFor();
    await box(page, "Who").fill("x");
    await box(page, "Why").fill(`found ${tokenOf("x")}`);
    await press(page, "Revoke x");
    await page.getByText("There is a token in this.").waitFor();
    expect(await proofOn(page).count()).toBe(0);
    await context.close();
  });

  test("works with the keyboard alone", async () => {
    const token = tokenOf("keys-only");
    const { page, context } = await openSeat(stage.browser, stage.origin);
    await page.goto("/");
    // The field that is needed first has the focus: at the login, and after it.
    await waitFor("the name's focus", () =>
      page.evaluate(() => document.activeElement?.getAttribute("name") === "username"),
    );
    await page.keyboard.type("ops");
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await waitFor("who's focus", () =>
      page.evaluate(() => document.activeElement?.getAttribute("name") === "who"),
    );
    await page.keyboard.type("keys-only");
    await page.keyboard.press("Tab");
    await page.keyboard.type("by keyboard");
    await page.locator('button[data-kind="danger"][aria-disabled="false"]').waitFor();
    for (let count = 0; count < 20; count += 1) {
      await page.keyboard.press("Tab");
      const text = await page.evaluate(() => document.activeElement?.textContent ?? "");
      if (text === "Revoke keys-only") break;
    }
    await page.keyboard.press("Enter");
    await awaitProof(page, "keys-only is revoked");
    await stage.awaitVerdict(token, "revoked");
    // The focus is at the proof: Undo is the next stop.
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Undo");
    await context.close();
  });
});

describe("the other intents", () => {
  test("block a person's future tokens too", async () => {
    const { page, context } = await stage.enter("ops", "/revoke/block");
    await box(page, "Who").fill("blocked");
    await box(page, "Why").fill("left the company");
    await press(page, "Block blocked");
    await awaitProof(page, "blocked is blocked");
    await stage.awaitVerdict(tokenOf("blocked"), "revoked");
    await stage.awaitVerdict(tokenOf("blocked", { iat: nowSeconds() + 3 }), "revoked");
    await context.close();
  });

  test("revoke one pasted token and no other of the person", async () => {
    const [one, other] = [tokenOf("pair"), tokenOf("pair")];
    await stage.awaitVerdict(one, "ok");
    const { page, context } = await stage.enter("ops", "/revoke/token");
    await box(page, "The token").fill(`Authorization: Bearer ${one}\n`);
    await page.getByLabel("What the token says").getByText("pair").waitFor();
    await box(page, "Why").fill("leaked in a log");
    await press(page, "Revoke this token of pair");
    await awaitProof(page, "This token of pair is revoked");
    await stage.awaitVerdict(one, "revoked");
    await stage.awaitVerdict(other, "ok");
    await context.close();
  });

  test("refuse a pasted token that is none, or that somebody forged", async () => {
    const { page, context } = await stage.enter("ops", "/revoke/token", {
      expectedStatuses: [401, 422],
    });
    await box(page, "The token").fill("not a token");
    await page.getByText("This is not a token").waitFor();
    await box(page, "The token").fill(foreignToken(stage.edge.keys));
    await page.getByText("the token is not authentic").waitFor();
    expect(await page.locator('button[data-kind="danger"]').getAttribute("aria-disabled")).toBe(
      "true",
    );
    await context.close();
  });

  test("revoke a login: the refresh token's family", async () => {
    const child = tokenOf("family", { rt: "login-77", cs: "child-1" });
    const stranger = tokenOf("family", { rt: "login-78", cs: "child-2" });
    await stage.awaitVerdict(child, "ok");
    const { page, context } = await stage.enter("ops", "/revoke/login");
    await box(page, /A refresh token/).fill("login-77");
    await box(page, "Why").fill("signed out everywhere");
    await press(page, "Revoke login login-77 and all it issued");
    await awaitProof(page, "Login login-77 and all it issued is revoked");
    await stage.awaitVerdict(child, "revoked");
    await stage.awaitVerdict(stranger, "ok");
    await context.close();
  });

  test("revoke everybody only once it was typed", async () => {
    const old = tokenOf("old-timer", { iat: nowSeconds() - 7200 });
    const young = tokenOf("young");
    const { page, context } = await stage.enter("ops", "/revoke/everybody");
    const moment = new Date((nowSeconds() - 3600) * 1000).toISOString().slice(0, 19);
    await box(page, "Issued before").or(page.getByLabel("Issued before")).first().fill(moment);
    await box(page, "Why").fill("the issuer was broken into");
    await press(page, /Revoke everybody/);
    await page.getByText("Type “everybody” to confirm.").waitFor();
    await stage.awaitVerdict(old, "ok");
    await page.getByRole("textbox", { name: "Type “everybody” to confirm" }).fill("everybody");
    await press(page, /Revoke everybody/);
    await awaitProof(page, "Everybody’s earlier tokens are revoked");
    await stage.awaitVerdict(old, "revoked");
    await stage.awaitVerdict(young, "ok");
    await button(page, "Undo").click();
    await awaitProof(page, "is lifted");
    await stage.awaitVerdict(old, "ok");
    await context.close();
  });

  test("revoke everybody until now where no moment is named", async () => {
    const ahead = tokenOf("ahead", { iat: nowSeconds() + 3 });
    await stage.awaitVerdict(ahead, "ok");
    const { page, context } = await stage.enter("ops", "/revoke/everybody");
    await page
      .getByText(/issued until you press the button, and up to .* stop working/)
      .first()
      .waitFor();
    await box(page, "Why").fill("the issuer was broken into");
    await page.getByRole("textbox", { name: "Type “everybody” to confirm" }).fill("everybody");
    // A moment that is not whole is not taken for none.
    await page.getByLabel("Issued before").pressSequentially("12");
    await press(page, /Revoke everybody/);
    await page.getByText("Name a day and a time, or leave it empty.").waitFor();
    await stage.awaitVerdict(ahead, "ok");
    await page.getByLabel("Issued before").fill("");
    await press(page, /Revoke everybody/);
    await awaitProof(page, "Everybody’s earlier tokens are revoked");
    await stage.awaitVerdict(ahead, "revoked");
    await button(page, "Undo").click();
    await awaitProof(page, "is lifted");
    await stage.awaitVerdict(ahead, "ok");
    await context.close();
  });

  test("refuse a moment that has not come", async () => {
    const { page, context } = await stage.enter("ops", "/revoke/everybody");
    await page.getByLabel("Issued before").fill("2099-01-01T00:00:00");
    await page.getByText("This moment has not come yet.").waitFor();
    await context.close();
  });
});
