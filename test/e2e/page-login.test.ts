/** First run, login, sessions: the page's way in and out. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser, Page, Route } from "playwright-core";
import {
  createFirstAdmin,
  login,
  logInOn,
  PASSWORD,
  readFirstRunLink,
  toOrigin,
} from "../helpers/admin-people.ts";
import { openSeat, startBrowser } from "../helpers/browser.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { waitFor } from "../helpers/wait-for.ts";

let stack: AsyncDisposableStack;
let edge: Edge;
let browser: Browser;
let origin: string;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  edge = await startEdge(stack);
  browser = await startBrowser(stack);
  origin = toOrigin(edge.server);
}, 60_000);
afterAll(() => stack.disposeAsync());

const field = (page: Page, name: string) => page.getByLabel(name, { exact: true });

async function endAllSessions(): Promise<void> {
  await fetch(`${origin}/api/v1/sessions`, {
    method: "DELETE",
    headers: { cookie: await login(edge.server, "root") },
  });
}

describe("the first run", () => {
  test("refuses a link that nobody gave out, and a password that is guessed first", async () => {
    const { page, context } = await openSeat(browser, origin, { expectedStatuses: [401, 422] });
    // Told at once, not after a form is filled in for nothing.
    await page.goto("/#first-run=not-the-secret");
    await page.getByText("This link does not hold any more").waitFor();
    // In a tab that has the page already, too; a reload afterwards finds no secret left.
    await page.goto(await readFirstRunLink(edge.server));
    await page.waitForURL(`${origin}/`);
    await page.reload();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await context.close();
  });

  test("makes the first admin once, and keeps the secret out of the address", async () => {
    const link = await readFirstRunLink(edge.server);
    const { page, context, errors } = await openSeat(browser, origin, {
      expectedStatuses: [401, 422],
    });
    await page.goto(link);
    expect(page.url()).toBe(`${origin}/`);
    await field(page, "Name").fill("root");
    for (const [password, again, message] of [
      ["short", "short", "5 characters are too few"],
      [PASSWORD, `${PASSWORD}!`, "The two are not the same."],
      ["passwordpassword", "passwordpassword", "it is one of the commonly used ones. Expected: 15"],
    ] as const) {
      await field(page, "Password").fill(password);
      await field(page, "Password again").fill(again);
      await page.keyboard.press("Enter");
      await page.getByText(message).waitFor();
    }
    await field(page, "Password").fill(PASSWORD);
    await field(page, "Password again").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByText("root · admin").waitFor();
    expect(errors).toEqual([]);
    await context.close();
    const other = await openSeat(browser, origin);
    await other.page.goto(link);
    await other.page.getByText("This link does not hold any more").waitFor();
    await other.page.getByRole("button", { name: "Log in" }).click();
    await other.page.getByRole("heading", { name: "Log in" }).waitFor();
    await other.context.close();
  });
});

describe("the login", () => {
  test("leads to where one wanted to go, and starts an operator's day at Revoke", async () => {
    const { page, context } = await openSeat(browser, origin);
    await logInOn(page, "root", "/audit?action=rule.add");
    await page.getByRole("heading", { name: "Audit" }).waitFor();
    expect(page.url()).toBe(`${origin}/audit?action=rule.add`);
    await page.goto("/account");
    await page.getByRole("button", { name: "Log out", exact: true }).click();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await logInOn(page, "root");
    await page.getByRole("heading", { name: "Revoke" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Revoke" }).waitFor();
    await page.getByRole("link", { name: "Rules" }).click();
    await page.getByRole("heading", { name: "Rules" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "Revoke" }).waitFor();
    await context.close();
  });

  test("keeps the name after a wrong password, and says no more than that one of the two is wrong", async () => {
    const { page, context } = await openSeat(browser, origin);
    await page.goto("/");
    const answers: string[] = [];
    for (const name of ["root", "nobody"]) {
      await field(page, "Name").fill(name);
      await field(page, "Password").fill("not the right password");
      await page.keyboard.press("Enter");
      await page.getByText("Name or password is wrong").waitFor();
      answers.push(await page.getByRole("alert").innerText());
      expect(await field(page, "Name").inputValue()).toBe(name);
      await page.reload();
    }
    expect(answers[0]).toBe(answers[1] ?? "");
    await context.close();
  });
});

/** Answers a request only once nobody is logged in any more. */
async function endSessionsFirst(route: Route): Promise<void> {
  await endAllSessions();
  await route.continue();
}

describe("a session", () => {
  test("that ended asks for the password and goes on where one was", async () => {
    const { page, context } = await openSeat(browser, origin);
    await logInOn(page, "root");
    await page.getByRole("textbox", { name: "Why" }).fill("and kept");
    // While the answer is awaited: once the dialog is there, what is typed goes into it.
    await page.route("**/rules/preview", endSessionsFirst, { times: 1 });
    await page.getByRole("textbox", { name: "Who" }).fill("half-typed name");
    const dialog = page.getByRole("dialog", { name: "Your session has ended" });
    await dialog.waitFor();
    expect(await dialog.getByLabel("Name").inputValue()).toBe("root");
    // The line behind it says the same, and not that the server is away.
    expect(await page.locator(".light").first().innerText()).toBe("Your session has ended");
    await page.keyboard.press("Escape");
    await dialog.waitFor();
    await dialog.getByLabel("Password").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await page.getByText("Every token of half-typed name").waitFor();
    expect(await page.getByRole("textbox", { name: "Why" }).inputValue()).toBe("and kept");
    await context.close();
  });

  test("that ended asks for the password once, though a refusal for it comes after the next login", async () => {
    const { page, context } = await openSeat(browser, origin);
    const loggedIn = Promise.withResolvers<void>();
    await page.route("**/rules/preview", async (route) => {
      const response = await route.fetch();
      if (response.status() === 401) await loggedIn.promise;
      await route.fulfill({ response });
    });
    await logInOn(page, "root");
    await endAllSessions();
    const refused = page.waitForRequest("**/rules/preview");
    await page.getByRole("textbox", { name: "Who" }).fill("somebody");
    await refused;
    const dialog = page.getByRole("dialog", { name: "Your session has ended" });
    await dialog.getByLabel("Password").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    loggedIn.resolve();
    await page.getByText("Every token of somebody").waitFor();
    await context.close();
  });

  test("is listed to its owner, and all end at once", async () => {
    const [here, there] = [await openSeat(browser, origin), await openSeat(browser, origin)];
    await logInOn(here.page, "root", "/account");
    await logInOn(there.page, "root", "/keys");
    await here.page.reload();
    await here.page.getByText("this one").waitFor();
    expect(await here.page.getByRole("row").count()).toBeGreaterThanOrEqual(3);
    await here.page.getByRole("button", { name: "Log out everywhere" }).click();
    await here.page.getByRole("dialog").getByRole("button", { name: "Log out everywhere" }).click();
    await here.page.getByRole("heading", { name: "Log in" }).waitFor();
    await there.page.getByRole("dialog", { name: "Your session has ended" }).waitFor();
    await here.context.close();
    await there.context.close();
  });

  test("survives a change of one's password only here", async () => {
    const { page, context } = await openSeat(browser, origin, { expectedStatuses: [401, 422] });
    await logInOn(page, "root", "/account");
    await page.getByRole("button", { name: "Change password…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Present password").fill("something else entirely");
    await dialog.getByLabel("New password").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await dialog.getByText("The present password is wrong").waitFor();
    await dialog.getByLabel("Present password").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByText("Your password is changed.").waitFor();
    await context.close();
  });
});

describe("guessing", () => {
  test("is over after ten attempts in a minute", async () => {
    const { page, context } = await openSeat(browser, origin, { expectedStatuses: [401, 429] });
    await page.goto("/");
    await field(page, "Name").fill("guessed");
    await field(page, "Password").fill("wrong");
    await waitFor(
      "the throttle",
      async () => {
        await page.keyboard.press("Enter");
        await page.locator('button[aria-busy="false"]').waitFor();
        return page.getByText("Too many attempts").isVisible();
      },
      60_000,
    );
    await page.getByText("Wait a minute, then try again.").waitFor();
    expect(await field(page, "Name").inputValue()).toBe("guessed");
    await context.close();
  });
});

test("no second first admin is made", async () => {
  const outcome = await createFirstAdmin(edge.server, "second").catch(String);
  expect(outcome).toContain("first run: 4");
});
