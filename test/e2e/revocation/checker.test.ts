/** A checker that cannot fail proves nothing: it must find what the lease, or its stand-in, prevents. */
import { afterAll, describe, expect, test } from "bun:test";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../helpers/appliance.ts";
import { startEdge } from "../../helpers/edge.ts";
import { startChecker } from "../../helpers/revocation-checker.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { waitFor } from "../../helpers/wait-for.ts";

describe("the checker itself", () => {
  const stack = new AsyncDisposableStack();
  afterAll(() => stack.disposeAsync());

  test("finds violations where leases do not end", async () => {
    const folder = createTempFolder(stack);
    const edge = await startEdge(stack, { withCable: true, luaDir: writeEndlessLeases(folder) });
    const checker = await startChecker(stack, edge, { clients: 4, pauseMs: 1 });
    await checker.revoke(5, 20);
    expect(checker.report().violations).toEqual([]);
    await edge.cable?.set({ kind: "block" });
    await checker.revoke(1, 30);
    await waitFor("a violation", () => checker.report().violations.length > 0, 20_000);
    await checker.stop();
  }, 120_000);

  test("finds violations where HAProxy has no key and does not say how long it remembers", async () => {
    const edge = await startEdge(stack, {
      luaDir: writeSilentMemory(createTempFolder(stack)),
      haproxyEnv: { JWT_VERIFIER_KEY: "", JWT_CACHE_TTL: "5" },
    });
    const checker = await startChecker(stack, edge, { clients: 4, pauseMs: 1 });
    await checker.waitForRequests(1000);
    await checker.revoke(5, 20);
    await waitFor("a violation", () => checker.report().violations.length > 0, 20_000);
    await checker.stop();
  }, 120_000);
});

/** The verifier that tells the server of no memory, and has one. */
function writeSilentMemory(folder: string): string {
  const lua = join(folder, "lua");
  cpSync(join(ROOT, "lua"), lua, { recursive: true });
  const path = join(lua, "verify-jwt", "memory.lua");
  const text = readFileSync(path, "utf8");
  const broken = text.replace('"X-Jwt-Ttl: " .. ttl .. "\\r\\n"', '"X-Jwt-Ttl: 0\\r\\n"');
  expect(broken).not.toBe(text);
  writeFileSync(path, broken);
  return lua;
}

/** The verifier with the two lines taken away on which the argument rests: a lease that was granted once never ends. */
function writeEndlessLeases(folder: string): string {
  const lua = join(folder, "lua");
  cpSync(join(ROOT, "lua"), lua, { recursive: true });
  const path = join(lua, "verify-jwt", "lease.lua");
  const text = readFileSync(path, "utf8");
  const broken = text.replace(
    /^ {4}self\.(monotonic|wall)_end = sent.*$/gm,
    "    self.$1_end = math.huge",
  );
  expect(broken.match(/_end = math\.huge$/gm)).toHaveLength(2);
  writeFileSync(path, broken);
  return lua;
}
