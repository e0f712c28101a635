/**
 * A change of many subjects at once, applied in HAProxy while an answer from before it arrives: once the change is
 * reported as applied, that answer is not remembered (P4).
 */
import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../helpers/appliance.ts";
import { identityOf, toAnswer } from "../../helpers/answer.ts";
import { startHaproxy } from "../../helpers/haproxy.ts";
import { mint } from "../../helpers/mint.ts";
import { exchange, toRequest } from "../../helpers/raw-client.ts";
import { startRawUpstream } from "../../helpers/raw-upstream.ts";
import { type ScriptedServer, startScriptedServer } from "../../helpers/scripted-server.ts";
import { createSecretKey } from "../../helpers/signing-keys.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { writeUnguardedLua } from "../../helpers/unguarded-lua.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const SUBJECTS_AT_ONCE = 500;
const ROUNDS = process.env["FULL"] === undefined ? 12 : 200;
const key = createSecretKey("HS256", "k", "a-secret-that-only-this-test-has");

describe("an answer from before a change of many subjects", () => {
  const stack = new AsyncDisposableStack();
  afterAll(() => stack.disposeAsync());

  const start = async (luaDir: string) => {
    const folder = createTempFolder(stack);
    const server = startScriptedServer(stack);
    const upstream = await startRawUpstream(stack);
    const leading = join(folder, "one-thread.cfg");
    writeFileSync(leading, "global\n  nbthread 1\n");
    const haproxy = await startHaproxy(stack, {
      folder,
      config: "haproxy.cfg",
      leadingConfigs: [leading],
      env: {
        JWT_LUA_DIR: luaDir,
        JWT_UPSTREAM: `127.0.0.1:${upstream.port}`,
        JWT_TOKEN_SERVER: `127.0.0.1:${server.port}`,
        JWT_VERIFIER_KEY: "a-verifier-key-that-only-this-test-has",
      },
    });
    return { server, port: haproxy.port };
  };

  test("is not remembered", async () => {
    const { server, port } = await start(join(ROOT, "lua"));
    expect(await revokeInFlight(server, port)).toEqual({ "0": ROUNDS });
    const asked = ask(port, "somebody else");
    await waitFor("his question", () => server.held()?.subject === "somebody else");
    server.held()?.letGo();
    expect(await asked).toBe("1");
  }, 120_000);

  test("is, where HAProxy may take the turn in the middle of the change", async () => {
    const luaDir = writeUnguardedLua(createTempFolder(stack), { takesAnyAnswer: false });
    const { server, port } = await start(luaDir);
    const again = await revokeInFlight(server, port);
    expect(again["1"] ?? 0).toBeGreaterThan(0);
  }, 120_000);
});

/** What `x-tkn-valid` a user's token gets. */
async function ask(port: number, subject: string): Promise<string | undefined> {
  const line = `authorization: Bearer ${mint(key, { sub: subject })}`;
  return identityOf(toAnswer(await exchange(port, toRequest([line])))).valid;
}

/**
 * Revokes each round's user, and many more, while his first question is in flight.
 *
 * @returns how many of the users got which answer when they asked again after the change had been applied
 */
async function revokeInFlight(server: ScriptedServer, port: number) {
  const again: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++) {
    const subject = `user-${round}`;
    const asked = ask(port, subject);
    await waitFor("a question in flight and a poll", () => {
      return server.held()?.subject === subject && server.isPolled();
    });
    const held = server.held();
    const others = Array.from({ length: SUBJECTS_AT_ONCE - 1 }, (_, n) => `other-${round}-${n}`);
    server.revoke([subject, ...others]);
    held?.letGo();
    await asked;
    await waitFor("the change to be applied", () => server.applied() === server.seq());
    const valid = (await ask(port, subject)) ?? "none";
    again[valid] = (again[valid] ?? 0) + 1;
  }
  return again;
}
