/** The page while threads and the server come and go: honest about what it knows, and back by itself. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startFeedVerifier } from "../helpers/feed-verifier.ts";
import { proofOn, startStage, type Stage } from "../helpers/page-stage.ts";

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
    // One falls silent: its lease ends, and it is said to trust nothing.
    second?.fallSilent();
    await page.goto("/");
    await page
      .getByRole("row", { name: /edge-9-1-t2/ })
      .getByText("not trusted")
      .waitFor({ timeout: 20_000 });
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
