/**
 * A change of many subjects at once, applied in HAProxy while an answer from before it arrives: once the change is
 * reported as applied, that answer is not remembered (P4).
 */
import { afterAll, describe, expect, test } from "bun:test";
import { askAs, startScriptedEdge } from "../../helpers/scripted-edge.ts";
import type { ScriptedServer } from "../../helpers/scripted-server.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { writeUnguardedLua } from "../../helpers/unguarded-lua.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const SUBJECTS_AT_ONCE = 500;
const ROUNDS = process.env["FULL"] === undefined ? 12 : 200;

describe("an answer from before a change of many subjects", () => {
  const stack = new AsyncDisposableStack();
  afterAll(() => stack.disposeAsync());

  test("is not remembered", async () => {
    const { server, port } = await startScriptedEdge(stack);
    expect(await revokeInFlight(server, port)).toEqual({ "0": ROUNDS });
    const asked = askAs(port, "somebody else");
    await waitFor("his question", () => server.held()?.subject === "somebody else");
    server.held()?.letGo();
    expect(await asked).toBe("1");
  }, 120_000);

  test("is, where HAProxy may take the turn in the middle of the change", async () => {
    const luaDir = writeUnguardedLua(createTempFolder(stack), { takesAnyAnswer: false });
    const { server, port } = await startScriptedEdge(stack, { luaDir });
    const again = await revokeInFlight(server, port);
    expect(again["1"] ?? 0).toBeGreaterThan(0);
  }, 120_000);
});

/**
 * Revokes each round's user, and many more, while his first question is in flight.
 *
 * @returns how many of the users got which answer when they asked again after the change had been applied
 */
async function revokeInFlight(server: ScriptedServer, port: number) {
  const again: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++) {
    const subject = `user-${round}`;
    const asked = askAs(port, subject);
    await waitFor("a question in flight and a poll", () => {
      return server.held()?.subject === subject && server.isPolled();
    });
    const held = server.held();
    const others = Array.from({ length: SUBJECTS_AT_ONCE - 1 }, (_, n) => `other-${round}-${n}`);
    server.revoke([subject, ...others]);
    held?.letGo();
    await asked;
    await waitFor("the change to be applied", () => server.applied() === server.seq());
    const valid = (await askAs(port, subject)) ?? "none";
    again[valid] = (again[valid] ?? 0) + 1;
  }
  return again;
}
