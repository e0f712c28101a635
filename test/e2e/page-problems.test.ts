/** A server that cannot do it now: every list and form says so, keeps what was there, and offers to try again. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Page, Route } from "playwright-core";
import { login, PASSWORD, post } from "../helpers/admin-people.ts";
import { openSeat, type Seat } from "../helpers/browser.ts";
import { mint } from "../helpers/mint.ts";
import { startStage, type Stage } from "../helpers/page-stage.ts";
import { claims } from "../helpers/tokens.ts";
import { waitFor } from "../helpers/wait-for.ts";

const TITLE = "The store cannot be written now";
const PROBLEM = { type: "about:blank", title: TITLE, status: 503 };

let stack: AsyncDisposableStack;
let stage: Stage;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  stage = await startStage(stack);
  const cookie = await login(stage.edge.server, "root");
  await post(stage.edge.server, "/revocations", { user: "bob", reason: "a test" }, cookie);
  await post(stage.edge.server, "/api-tokens", { name: "billing", role: "viewer" }, cookie);
}, 60_000);
afterAll(() => stack.disposeAsync());

/** What was broken: how to mend it, and how often it has failed by now. */
interface Broken {
  readonly mend: () => Promise<void>;
  readonly failures: () => number;
}

/** Has the server fail at one thing. */
async function breakAt(page: Page, method: string, path: string): Promise<Broken> {
  let failures = 0;
  const matches = (url: URL) => url.pathname === `/api/v1${path}`;
  const fail = async (route: Route) => {
    if (route.request().method() !== method) return route.fallback();
    await route.fulfill({
      status: 503,
      contentType: "application/problem+json",
      body: JSON.stringify(PROBLEM),
    });
    failures += 1;
  };
  await page.route(matches, fail);
  return { mend: () => page.unroute(matches, fail), failures: () => failures };
}

const alertOn = (page: Page) => page.getByRole("alert").filter({ hasText: TITLE }).first();
const tryAgain = (page: Page) => alertOn(page).getByRole("button", { name: "Try again" }).click();

describe("a list that cannot be read", () => {
  const LISTS: readonly (readonly [screen: string, path: string, reads: string, row: string])[] = [
    ["overview, last changes", "/", "/audit", "revoked tokens of"],
    ["rules", "/rules", "/rules", "bob"],
    ["a rule", "/rules/1", "/rules/1", "As JSON"],
    ["a rule's history", "/rules/1", "/audit", "As JSON"],
    ["audit", "/audit", "/audit", "revoked tokens of"],
    ["people", "/people", "/people", "vera"],
    ["API tokens", "/people", "/api-tokens", "billing"],
    ["one's sessions", "/account", "/sessions", "this one"],
  ];
  test.each(LISTS)("%s: says so, and is there after another try", async (_, path, reads, row) => {
    const { page, context, errors } = await stage.enter("root", "/keys", {
      expectedStatuses: [401, 503],
    });
    const { mend, failures } = await breakAt(page, "GET", reads);
    await page.goto(path);
    await alertOn(page).waitFor();
    const before = failures();
    await tryAgain(page);
    // The same words stand there before and after: only then is it the second answer's.
    await waitFor("the second failure", () => failures() > before);
    await alertOn(page).getByRole("button", { name: "Try again", disabled: false }).waitFor();
    await mend();
    await tryAgain(page);
    await page.getByText(row).first().waitFor();
    await alertOn(page).waitFor({ state: "detached" });
    expect(errors).toEqual([]);
    await context.close();
  });

  test("more of one: says so below what is there", async () => {
    const cookie = await login(stage.edge.server, "root");
    const added = Array.from({ length: 60 }, (_, index) =>
      post(stage.edge.server, "/revocations", { user: `more-${index}`, reason: "a test" }, cookie),
    );
    await Promise.all(added);
    const { page, context } = await stage.enter("root", "/rules", { expectedStatuses: [401, 503] });
    await page.getByRole("button", { name: "Show more" }).waitFor();
    const { mend } = await breakAt(page, "GET", "/rules");
    await page.getByRole("button", { name: "Show more" }).click();
    await alertOn(page).waitFor();
    expect(await page.locator("tbody tr").count()).toBe(50);
    await mend();
    await tryAgain(page);
    await page.getByText("bob", { exact: true }).waitFor();
    await context.close();
  });

  test("an export: says so where it was asked for", async () => {
    const { page, context } = await stage.enter("root", "/rules", { expectedStatuses: [401, 503] });
    await page.getByText("more-").first().waitFor();
    await breakAt(page, "GET", "/rules");
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByText(TITLE).first().waitFor();
    await page.getByRole("button", { name: "Export" }).waitFor();
    await context.close();
  });
});

/** A form: how to fill it, what is sent, which button, and what is there when it has worked. */
interface Form {
  readonly name: string;
  readonly path: string;
  readonly open?: string | RegExp;
  readonly typed: () => Readonly<Record<string, string>>;
  readonly sends: readonly [method: string, path: string];
  readonly action: string | RegExp;
  /** Whether the notice has its own button; a dialog's is right below. */
  readonly hasRetry?: boolean;
  readonly done: string | RegExp;
}

const token = () => mint(stage.edge.keys.rs, claims({ username: "zoe", sub: "zoe" }));

const FORMS: readonly Form[] = [
  {
    name: "revoke a person",
    path: "/revoke",
    typed: () => ({ Who: "dora", Why: "a stolen phone" }),
    sends: ["POST", "/revocations"],
    action: "Revoke dora",
    hasRetry: true,
    done: /dora is revoked/,
  },
  {
    name: "what would happen",
    path: "/revoke",
    typed: () => ({ Who: "erik", Why: "a stolen phone" }),
    sends: ["POST", "/rules/preview"],
    action: "",
    hasRetry: true,
    done: "They can sign in again after that.",
  },
  {
    name: "a rule by hand",
    path: "/revoke/rule",
    typed: () => ({ Who: "fred", "The same as JSON": '{"azp":"old"}', Why: "retired" }),
    sends: ["POST", "/rules"],
    action: "Revoke for fred",
    hasRetry: true,
    done: "Enforced",
  },
  {
    name: "lift a rule",
    path: "/rules/1",
    open: "Lift this rule…",
    typed: () => ({ Why: "a mistake" }),
    sends: ["DELETE", "/rules/1"],
    action: "Lift rule 1",
    done: /Rule 1 is lifted/,
  },
  {
    name: "inspect",
    path: "/inspect",
    typed: () => ({ "The token": token() }),
    sends: ["POST", "/tokens/inspect"],
    action: "Inspect",
    hasRetry: true,
    done: "Expires",
  },
  {
    name: "read keys",
    path: "/keys",
    typed: () => ({}),
    sends: ["POST", "/keys/sync"],
    action: "Read all now",
    hasRetry: true,
    done: "Thumbprint",
  },
  {
    name: "add somebody",
    path: "/people",
    open: "Add somebody",
    typed: () => ({ Name: "nora", Password: PASSWORD }),
    sends: ["POST", "/people"],
    action: "Add",
    done: "nora",
  },
  {
    name: "a role",
    path: "/people",
    open: "Change role… of vera",
    typed: () => ({}),
    sends: ["PUT", "/people/vera/role"],
    action: "Change role",
    done: "vera",
  },
  {
    name: "somebody's password",
    path: "/people",
    open: "New password… for vera",
    typed: () => ({ Password: PASSWORD }),
    sends: ["PUT", "/people/vera/password"],
    action: "Set password",
    done: "vera",
  },
  {
    name: "remove somebody",
    path: "/people",
    open: "Remove… vera",
    typed: () => ({}),
    sends: ["DELETE", "/people/vera"],
    action: "Remove vera",
    done: "ops",
  },
  {
    name: "make a token",
    path: "/people",
    open: "Make a token",
    typed: () => ({ Name: "reports" }),
    sends: ["POST", "/api-tokens"],
    action: "Make it",
    done: "reports",
  },
  {
    name: "revoke a token",
    path: "/people",
    open: "Revoke… billing",
    typed: () => ({}),
    sends: ["DELETE", "/api-tokens/billing"],
    action: /Revoke billing/,
    done: "revoked",
  },
  {
    name: "one's own password",
    path: "/account",
    open: "Change password…",
    typed: () => ({ "Present password": PASSWORD, "New password": `${PASSWORD} again` }),
    sends: ["PUT", "/session/password"],
    action: "Change password",
    done: "Your password is changed",
  },
];

const box = (page: Page, label: string) =>
  page
    .getByRole("textbox", { name: label })
    .or(page.getByLabel(label, { exact: true }))
    .first();

describe("a form that cannot be sent", () => {
  let seat: Seat;
  beforeAll(async () => {
    seat = await stage.enter("root", "/keys", { expectedStatuses: [401, 503] });
  });

  test.each(FORMS)(
    "$name: says so, keeps what was typed, works after another try",
    async (form) => {
      const { page, errors } = seat;
      await page.goto(form.path);
      if (form.open !== undefined) await page.getByRole("button", { name: form.open }).click();
      const { mend } = await breakAt(page, ...form.sends);
      const typed = Object.entries(form.typed()).map(([label, text]) => ({ label, text }));
      for (const { label, text } of typed) await box(page, label).fill(text);
      const act = async () => {
        const scope = form.open === undefined ? page : page.getByRole("dialog");
        await scope.getByRole("button", { name: form.action, disabled: false }).last().click();
      };
      if (form.action !== "") await act();
      await alertOn(page).waitFor();
      for (const { label, text } of typed) expect(await box(page, label).inputValue()).toBe(text);
      await mend();
      await (form.hasRetry === true ? tryAgain(page) : act());
      await page.getByText(form.done).first().waitFor();
      expect(await alertOn(page).count()).toBe(0);
      expect(errors).toEqual([]);
    },
  );

  test("undo: says so beside the proof, and works after another try", async () => {
    const { page, context } = await stage.enter("ops", "/revoke", { expectedStatuses: [401, 503] });
    await box(page, "Who").fill("gina");
    await box(page, "Why").fill("a test");
    await page.getByRole("button", { name: "Revoke gina", disabled: false }).click();
    await page.locator(".strip").getByText("Enforced").waitFor();
    const answer = await page.request.get("/api/v1/rules?subject=gina");
    const { items } = (await answer.json()) as { items: readonly { id: number }[] };
    const { mend } = await breakAt(page, "DELETE", `/rules/${items[0]?.id ?? 0}`);
    await page.getByRole("button", { name: "Undo" }).click();
    await alertOn(page).waitFor();
    await mend();
    await page.getByRole("button", { name: "Undo" }).click();
    await page
      .getByText(/lifted/)
      .first()
      .waitFor();
    await context.close();
  });

  test("the login: says so, and what was typed stays", async () => {
    const { page, context } = await openSeat(stage.browser, stage.origin, {
      expectedStatuses: [401, 503],
    });
    await page.goto("/");
    const { mend } = await breakAt(page, "POST", "/session");
    await page.getByLabel("Name").fill("ops");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Log in" }).click();
    await alertOn(page).waitFor();
    expect(await page.getByLabel("Name").inputValue()).toBe("ops");
    expect(await page.getByLabel("Password").inputValue()).toBe(PASSWORD);
    await mend();
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("navigation", { name: "Screens" }).waitFor();
    await context.close();
  });
});
