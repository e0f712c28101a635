/** The page while threads and the server come and go: honest about what it knows, and back by itself. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startFeedVerifier } from "../helpers/feed-verifier.ts";
import { login, post } from "../helpers/admin-people.ts";
import { mint } from "../helpers/mint.ts";
import { proofOn, startStage, type Stage } from "../helpers/page-stage.ts";
import { claims } from "../helpers/tokens.ts";
import { waitFor } from "../helpers/wait-for.ts";

let stack: AsyncDisposableStack;
let stage: Stage;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  stage = await startStage(stack);
}, 60_000);
afterAll(() => stack.disposeAsync());

describe("the line that is always there", () => {
  test("counts threads as they come, names the one that has not confirmed, and says what is certain", async () => {
    const names = ["edge-9-1-t1", "edge-9-1-t2"];
    const [first, second] = names.map((name) => startFeedVerifier(stack, stage.edge.server, name));
    const { page, context } = await stage.enter("ops");
    await page
      .getByText(/Enforcing on \d+ of \d+ threads/)
      .first()
      .waitFor();
    // A revocation is confirmed by each thread, with its time.
    await page.getByRole("textbox", { name: "Who" }).fill("frank");
    await page.getByRole("textbox", { name: "Why" }).fill("a test");
    await page.locator('button[data-kind="danger"][aria-disabled="false"]').click();
    await proofOn(page).getByText("Enforced").waitFor();
    for (const name of names) await proofOn(page).getByText(name).waitFor();
    expect(await proofOn(page).innerText()).toMatch(
      /frank is revoked on \d+ of \d+ threads, after \d+/,
    );
    // One falls silent: its lease ends, it is said to ask, and it stays in the count.
    second?.fallSilent();
    await page.goto("/");
    await page
      .getByRole("row", { name: /edge-9-1-t2/ })
      .getByText("asks each time")
      .waitFor({ timeout: 20_000 });
    await page.getByText(/edge-9-1-t2 silent for .*, asks before each answer/).waitFor();
    const [, on, of] =
      /(\d+) of (\d+)/.exec(await page.locator(".light").first().innerText()) ?? [];
    expect(Number(of) - Number(on)).toBe(1);
    first?.fallSilent();
    await context.close();
  });

  test("says that contact is lost, keeps the last data with its age, and comes back by itself", async () => {
    const { page, context } = await stage.enter("ops", "/rules", { expectedStatuses: [401] });
    await page.getByText("frank").first().waitFor();
    await stage.edge.server.stop();
    await page
      .getByText(/No contact with the server/)
      .first()
      .waitFor({ timeout: 20_000 });
    expect(await page.getByText("frank").count()).toBeGreaterThan(0);
    // All of it, however narrow; and of the keys nobody knows now.
    for (const width of [1280, 768, 360]) {
      await page.setViewportSize({ width, height: 740 });
      const more = page.getByText(/HAProxy goes on by what it knows, then asks or refuses/);
      expect(await more.evaluate((one) => one.clientWidth > 200)).toBe(true);
      expect(await more.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    expect(await page.getByText("Keys fresh").count()).toBe(0);
    await page.getByRole("searchbox").fill("fra");
    await page.getByText("The server cannot be reached").waitFor();
    await page.getByText(/What you see was read/).waitFor();
    await stage.edge.server.start();
    await page
      .getByText(/No contact with the server/)
      .first()
      .waitFor({ state: "detached", timeout: 30_000 });
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("frank").first().waitFor();
    await context.close();
  });
});

describe("what HAProxy answers from its memory", () => {
  test("is counted apart from what the server judged, in the figures and on the page", async () => {
    const { edge } = stage;
    const token = mint(edge.keys.rs, claims({ username: "hans", sub: "hans" }));
    for (let count = 0; count < 40; count += 1) await edge.ask(token);
    const cookie = await login(edge.server, "vera");
    const remembered = await waitFor("the verifiers to report it", async () => {
      const response = await fetch(`${stage.origin}/api/v1/stats`, { headers: { cookie } });
      const { verdicts } = (await response.json()) as {
        readonly verdicts: readonly { readonly remembered: number }[];
      };
      const sum = verdicts.reduce((all, minute) => all + minute.remembered, 0);
      // Each thread asks once.
      return sum >= 30 && sum;
    });
    expect(remembered).toBeLessThanOrEqual(40);
    const { page, context } = await stage.enter("vera");
    await page.getByText(/[1-9][\d.]*\u202f% from HAProxy’s memory/).waitFor();
    await page.getByRole("img", { name: /Answered from memory now/ }).waitFor();
    await context.close();
  });
});

describe("inspect", () => {
  test("says what each thread says: the verdict once it has caught up, pending before", async () => {
    const names = ["edge-8-1-t1", "edge-8-1-t2"];
    const [first, second] = names.map((name) => startFeedVerifier(stack, stage.edge.server, name));
    const token = mint(stage.edge.keys.rs, claims({ username: "ida", sub: "ida" }));
    const { page, context } = await stage.enter("ops", "/inspect");
    await page.getByRole("textbox", { name: "The token" }).fill(token);
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.getByText(/\d+.threads say so/).click();
    const row = (name: string) => page.getByRole("row", { name: new RegExp(name) });
    await row("edge-8-1-t1").getByText("valid").waitFor();
    // One is silent when the next change comes: nobody can say what it still remembers.
    second?.fallSilent();
    const cookie = await login(stage.edge.server, "ops");
    await post(stage.edge.server, "/revocations", { user: "ida", reason: "a test" }, cookie);
    await row("edge-8-1-t2").getByText("pending").waitFor();
    await page.getByText(/\d+ of \d+.threads say so/).waitFor();
    // Its lease ends: it trusts nothing, and asks.
    await row("edge-8-1-t2").getByText("by asking the server").waitFor({ timeout: 20_000 });
    first?.fallSilent();
    await context.close();
  });
});

describe("what is served", () => {
  test("is under 60 KB compressed in all, without anything from elsewhere", async () => {
    const { page, context } = await stage.enter("ops", "/");
    const responses: { url: string; size: number }[] = [];
    page.on("response", (response) => {
      const url = response.url();
      if (url.includes("/api/")) return;
      responses.push({ url, size: Number(response.headers()["content-length"] ?? 0) });
    });
    await page.reload();
    await page.getByRole("heading", { name: /Overview|Revoke/ }).waitFor();
    const client = await context.newCDPSession(page);
    await client.send("Network.clearBrowserCache");
    responses.length = 0;
    await page.reload();
    await page.getByRole("heading", { name: /Overview|Revoke/ }).waitFor();
    expect(responses.every(({ url }) => url.startsWith(stage.origin))).toBe(true);
    expect(responses.length).toBeGreaterThanOrEqual(3);
    expect(responses.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(60 * 1024);
    await context.close();
  });

  test("carries a policy that allows nothing inline, and no frame around it", async () => {
    for (const path of ["/", "/rules/1", "/favicon.ico"]) {
      const { headers } = await fetch(`${stage.origin}${path}`);
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });

  test("is not served to a name that is not ours (DNS rebinding)", async () => {
    const response = await fetch(`${stage.origin}/`, { headers: { host: "evil.test" } });
    expect(response.status).toBe(421);
  });
});
