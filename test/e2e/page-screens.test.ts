/**
 * Every screen in both themes, wide, narrow and between: nobody is kept from using it, and a picture of each is
 * written for people to look at (PAGE_SHOTS, else a folder among the temporary ones).
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import {
  createFirstAdmin,
  createPerson,
  login,
  logInOn,
  post,
  readFirstRunLink,
  toOrigin,
} from "../helpers/admin-people.ts";
import { findViolations, withAxe } from "../helpers/axe.ts";
import { openSeat, startBrowser } from "../helpers/browser.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { startFeedVerifier } from "../helpers/feed-verifier.ts";
import { mint } from "../helpers/mint.ts";
import { claims, expiredToken } from "../helpers/tokens.ts";

const SHOTS = process.env["PAGE_SHOTS"] ?? join(tmpdir(), "haproxy-jwt-page-shots");
const WIDTHS = [
  { name: "wide", width: 1280, height: 900 },
  { name: "between", width: 768, height: 900 },
  { name: "narrow", width: 360, height: 740 },
] as const;
const THEMES = ["light", "dark"] as const;
const LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";

let stack: AsyncDisposableStack;
let edge: Edge;
let browser: Browser;
let firstRunLink: string;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  mkdirSync(SHOTS, { recursive: true });
  edge = await startEdge(stack);
  firstRunLink = await readFirstRunLink(edge.server);
  browser = await startBrowser(stack);
  for (const { name, width, height } of WIDTHS) {
    for (const theme of THEMES) await shootFirstRun(`${name}-${theme}`, { width, height, theme });
  }
  await createFirstAdmin(edge.server);
  await createPerson(edge.server, "ops-1", "operator");
  await createPerson(edge.server, `Anna.${LONG.slice(0, 26)}`, "viewer");
  const silent = startFeedVerifier(stack, edge.server, "edge-1-3987-t1");
  for (const name of ["edge-1-4211-t1", "edge-1-4211-t2", "edge-2-977-t1"]) {
    startFeedVerifier(stack, edge.server, name);
  }
  await fill();
  silent.fallSilent();
}, 120_000);

afterAll(() => stack.disposeAsync());

/** Something of everything that the screens show. */
async function fill(): Promise<void> {
  const cookie = await login(edge.server, "ops-1");
  const { rs } = edge.keys;
  for (const who of ["user-4711@example.com", "bob", LONG]) {
    for (let count = 0; count < 3; count += 1) {
      const token = mint(rs, claims({ username: who, sub: who, azp: "web" }));
      // Once it is judged, HAProxy answers from its memory.
      for (let again = 0; again < 10; again += 1) await edge.ask(token);
    }
  }
  await edge.ask(expiredToken(edge.keys));
  await post(
    edge.server,
    "/revocations",
    { user: "user-4711@example.com", reason: "Laptop stolen, ticket OPS-4312" },
    cookie,
  );
  await post(
    edge.server,
    "/revocations",
    { block: LONG, reason: `Left the company: ${LONG}` },
    cookie,
  );
  await post(
    edge.server,
    "/revocations",
    { family: "1712345678901234567", reason: "Signed out everywhere" },
    cookie,
  );
  const rule = { aud: { sw: "legacy." }, iat: { lt: 1_700_000_000 } };
  const end = Math.floor(Date.now() / 1000) + 9 * 86_400;
  await post(
    edge.server,
    "/rules",
    { scope: "global", rule, expireAt: end, reason: "Old mobile app retired" },
    cookie,
  );
  await post(
    edge.server,
    "/api-tokens",
    { name: "billing", role: "operator" },
    await login(edge.server, "root"),
  );
}

async function shootFirstRun(
  suffix: string,
  options: { width: number; height: number; theme: "light" | "dark" },
): Promise<void> {
  const { page, context } = await openSeat(browser, toOrigin(edge.server), options);
  await withAxe(context);
  await page.goto(firstRunLink);
  await page.getByRole("heading", { name: "Make the first admin" }).waitFor();
  await shoot(page, `first-run-${suffix}`);
  await look(page, `first-run-${suffix}`);
  // Refusals at the fields are looked at too.
  await page.getByRole("button", { name: "Make this admin" }).click();
  await page.getByText("Choose the name").waitFor();
  await look(page, `first-run-wrong-${suffix}`);
  await page.goto("/");
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await shoot(page, `login-${suffix}`);
  await look(page, `login-${suffix}`);
  await page.getByLabel("Name").fill("nobody");
  await page.getByLabel("Password").fill("not a password of anybody");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("alert").waitFor();
  await shoot(page, `login-wrong-${suffix}`);
  await look(page, `login-wrong-${suffix}`);
  await context.close();
}

/** What keeps people from getting in, found before anybody is in. */
const atTheDoor: string[] = [];

async function look(page: Page, name: string): Promise<void> {
  atTheDoor.push(...(await findViolations(page)).map((one) => `${name}: ${one}`));
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (overflow > 0) atTheDoor.push(`${name}: ${overflow} px too wide`);
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

const token = () =>
  mint(edge.keys.rs, claims({ username: "bob", sub: "bob", roles: ["a", { b: 1 }] }));
/** Fills a field that a screen has once. */
const type = (label: string | RegExp, text: () => string) => (page: Page) =>
  page.getByRole("textbox", { name: label }).fill(text());

const SCREENS: readonly {
  readonly name: string;
  readonly path: string;
  readonly heading: string;
  readonly ready?: string | RegExp;
  readonly steps?: readonly ((page: Page) => Promise<unknown>)[];
}[] = [
  { name: "overview", path: "/", heading: "Overview", ready: "Last change enforced after" },
  {
    name: "revoke",
    path: "/revoke",
    heading: "Revoke",
    steps: [
      type("Who", () => "user-4711@example.com"),
      type("Why", () => "Laptop stolen, ticket OPS-4312"),
    ],
    ready: "They can sign in again after that.",
  },
  { name: "revoke-empty", path: "/revoke/block", heading: "Revoke", ready: "Nothing yet." },
  {
    name: "revoke-token",
    path: "/revoke/token",
    heading: "Revoke",
    steps: [type("The token", token)],
    ready: "This one token",
  },
  {
    name: "revoke-login",
    path: "/revoke/login",
    heading: "Revoke",
    steps: [type(/A refresh token/, () => "1712345678901234567")],
    ready: "every token it issued",
  },
  {
    name: "revoke-everybody",
    path: "/revoke/everybody",
    heading: "Revoke",
    ready: "tokens issued until",
  },
  {
    name: "revoke-rule",
    path: "/revoke/rule",
    heading: "Revoke",
    steps: [
      type("Who", () => "bob"),
      type(
        /The same as JSON/,
        () =>
          '{"_or":true,"client_id":{"in":["web","ios"]},"iat":{"gte":1700000000,"lt":1800000000},"realm":{"roles":{"sw":"adm"}}}',
      ),
    ],
    ready: "Rule that will be written",
  },
  {
    name: "revoke-rule-wrong",
    path: "/revoke/rule",
    heading: "Revoke",
    steps: [type(/The same as JSON/, () => '{"iat": {"lte": tomorrow}}')],
    ready: /Line 1, column 17/,
  },
  { name: "rules", path: "/rules", heading: "Rules", ready: "Old mobile app retired" },
  { name: "rules-none", path: "/rules?q=nobody", heading: "Rules", ready: "No rule fits “nobody”" },
  { name: "rule", path: "/rules/1", heading: "Rule 1", ready: "History" },
  { name: "inspect-empty", path: "/inspect", heading: "Inspect" },
  {
    name: "inspect",
    path: "/inspect",
    heading: "Inspect",
    steps: [
      type("The token", () => mint(edge.keys.rs, claims({ username: LONG, sub: LONG }))),
      (page) => page.getByRole("button", { name: "Inspect" }).click(),
    ],
    ready: "Refused by",
  },
  { name: "keys", path: "/keys", heading: "Keys", ready: "Thumbprint" },
  { name: "audit", path: "/audit", heading: "Audit", ready: "Old mobile app retired" },
  { name: "people", path: "/people", heading: "People", ready: "billing" },
  { name: "account", path: "/account", heading: "Your account", ready: "this one" },
  { name: "nowhere", path: "/rules/none", heading: "Nothing here" },
];

describe("first run and login", () => {
  test("have no violation in either theme, wide or narrow", () => {
    expect(atTheDoor).toEqual([]);
  });
});

describe.each(WIDTHS)("the page, $name", ({ name: width, ...size }) => {
  describe.each(THEMES)("%s", (theme) => {
    test("has no violation on any screen, and does not scroll sideways", async () => {
      const { page, context, errors } = await openSeat(browser, toOrigin(edge.server), {
        ...size,
        theme,
      });
      await withAxe(context);
      await logInOn(page, "root");
      const found: string[] = [];
      for (const { name, path, heading, ready, steps = [] } of SCREENS) {
        await page.goto(path);
        await page.getByRole("heading", { level: 1, name: heading }).waitFor();
        for (const step of steps) await step(page);
        // What a table's narrow form hides is there all the same.
        if (ready !== undefined) await page.getByText(ready).first().waitFor({ state: "attached" });
        await page
          .getByText(/thread|No HAProxy/)
          .first()
          .waitFor({ state: "attached" });
        await shoot(page, `${name}-${width}-${theme}`);
        found.push(...(await findViolations(page)).map((one) => `${name}: ${one}`));
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - innerWidth,
        );
        if (overflow > 0) found.push(`${name}: ${overflow} px too wide`);
      }
      expect(found).toEqual([]);
      expect(errors).toEqual([]);
      await context.close();
    }, 120_000);
  });
});
