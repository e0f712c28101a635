/** A policy that accepts tokens for longer brings back nothing that was revoked under a shorter one. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Appliance, startAppliance } from "../../helpers/appliance.ts";
import { mint } from "../../helpers/mint.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { claims, nowSeconds } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const stack = new AsyncDisposableStack();
const key = createSigningKey("ES256");
const SHORT = "clock_skew = 0\nmax_token_age = 4\n";
const LONG = "clock_skew = 60\n";

let folder: string;
let config: string;
let server: Appliance;

beforeAll(async () => {
  folder = createTempFolder(stack);
  writeFileSync(join(folder, "keys.json"), JSON.stringify({ keys: [key.jwk] }));
  config = join(folder, "server.toml");
  writeFileSync(config, SHORT);
  server = await startAppliance(stack, {
    folder,
    env: { JWT_JWKS_FILE: join(folder, "keys.json") },
    config,
  });
});
afterAll(() => stack.disposeAsync());

const detailOf = async (token: string) => (await server.judge(token)).detail ?? "valid";

/** Both are too old by a greatest age of 4 seconds soon; one is by its own `exp`. */
function tokensOf(name: string) {
  const own = { sub: name, username: name, iat: nowSeconds() };
  return {
    brief: mint(key, claims({ ...own, exp: own.iat + 3 })),
    long: mint(key, claims({ ...own, exp: own.iat + 3600 })),
  };
}

async function takeUp(policy: string, how: "restart" | "SIGHUP"): Promise<void> {
  writeFileSync(config, policy);
  if (how === "SIGHUP") {
    server.program().signal("SIGHUP");
  } else {
    await server.stop();
    await server.start();
  }
}

describe.each(["restart", "SIGHUP"] as const)("after a %s", (how) => {
  test("what was revoked under a shorter policy stays revoked, and the rest is accepted", async () => {
    await takeUp(SHORT, "restart");
    const [revoked, free] = [tokensOf(`revoked-${how}`), tokensOf(`free-${how}`)];
    const [brief, user] = [
      await server.run("revoke", "token", revoked.brief, "--reason", "r", "--no-wait"),
      await server.run("revoke", "user", `revoked-${how}`, "--reason", "r", "--no-wait"),
    ];
    expect([brief.code, user.code]).toEqual([0, 0]);
    expect(await detailOf(revoked.long)).toBe("revoked");
    const all = [revoked.brief, revoked.long, free.brief, free.long];
    await waitFor("all of them to be too old", async () => {
      const details = await Promise.all(all.map(detailOf));
      return details.every((detail) => detail === "expired");
    });
    await takeUp(LONG, how);
    await waitFor("the longer policy", async () => (await detailOf(free.long)) === "valid");
    expect(await Promise.all(all.map(detailOf))).toEqual(["revoked", "revoked", "valid", "valid"]);
    const lines = readFileSync(server.logFile, "utf8").split("\n");
    const said = lines.filter((line) => line.includes("would have ended too early"));
    expect(said).toHaveLength(how === "restart" ? 1 : 2);
  });
});
