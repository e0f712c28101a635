/** Previews that are a burden. */
import { afterAll, describe, expect, test } from "bun:test";
import { parseJsonObject } from "../../../src/core/json-parse.ts";
import { type SampleMatches, SeenTokens } from "../../../src/core/revocation/seen-tokens.ts";
import { subjectsOf } from "../../../src/core/token/claims.ts";
import type { AuthenticToken } from "../../../src/core/token/verdict.ts";
import { createHarness, NOW, type Harness } from "./harness.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

function authentic(claims: Readonly<Record<string, unknown>>): AuthenticToken {
  const claimsText = JSON.stringify(claims);
  const parsed = parseJsonObject(claimsText);
  return {
    claimsText,
    claims: parsed,
    isStateless: false,
    subjects: subjectsOf(parsed.object, ["username", "sub"]),
    issuer: undefined,
    jweHeaderText: undefined,
    alg: "dir",
    kid: undefined,
    keyThumbprint: undefined,
    keySource: undefined,
  };
}

const preview = ({ ask }: Harness, body: Readonly<Record<string, unknown>>) =>
  ask("POST", "/rules/preview", { body, as: "viewer" });

/** Hexadecimal noise, the same each time. */
function noise(seed: number): string {
  let state = seed * 7919 + 1;
  return Array.from({ length: 60 }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return ((state >>> 16) & 15).toString(16);
  }).join("");
}

/** Processor time of the longest turn of the event loop until the work is done. */
async function longestTurnMs(work: Promise<unknown>): Promise<number> {
  const turn = { isLast: false, longestMs: 0 };
  const done = work.finally(() => (turn.isLast = true));
  while (!turn.isLast) {
    const before = process.cpuUsage();
    await new Promise((resolve) => setImmediate(resolve));
    turn.longestMs = Math.max(turn.longestMs, process.cpuUsage(before).user / 1000);
  }
  await done;
  return turn.longestMs;
}

describe("a preview that takes long", () => {
  /** Makes one state of the pattern's automaton after the other. */
  const SLOW = "[0-9a-f-]*[02468ace-][0-9a-f-]{30}[G-Z][0-9a-f]{80}";
  const CLAIMS = ["sub", "username", "jti", "azp", "client_id", "iss"];

  test("leaves the event loop to others every few milliseconds, however many ask (P11)", async () => {
    const harness = await createHarness(stack);
    for (let index = 0; index < 1500; index += 1) {
      if (index % 100 === 0) harness.clock.now += 1;
      const claims = CLAIMS.map((name, place) => [name, noise(index * 10 + place)] as const);
      harness.seenTokens.note(authentic(Object.fromEntries(claims)));
    }
    const rule = Object.fromEntries(CLAIMS.map((name) => [name, { regex: SLOW }]));
    const body = { scope: "global", rule: { _or: true, ...rule } };
    const asked = Promise.all([1, 2, 3, 4].map(() => preview(harness, body)));
    expect(await longestTurnMs(asked)).toBeLessThan(50);
    for (const { status, body: answer } of await asked) {
      expect(status).toBe(200);
      const { of, notLookedAt } = answer["seen"] as SampleMatches;
      expect(of + notLookedAt).toBe(1500);
      expect(of).toBeGreaterThan(0);
    }
  });

  test("lets a few wait for it, and turns down the others with when to come back", async () => {
    const held = Promise.withResolvers<SampleMatches>();
    class HeldSample extends SeenTokens {
      override match(): Promise<SampleMatches> {
        return held.promise;
      }
    }
    const seenTokens = new HeldSample([], { nowSeconds: () => NOW });
    const harness = await createHarness(stack, { seenTokens });
    const asked = Array.from({ length: 12 }, () => preview(harness, { user: "bob" }));
    const refused = await Promise.race(asked);
    expect(refused).toMatchObject({ status: 503, body: { status: 503 } });
    expect(refused.headers.get("content-type")).toBe("application/problem+json");
    expect(refused.headers.get("retry-after")).toBe("1");
    held.resolve({
      of: 0,
      matched: 0,
      notLookedAt: 0,
      subjects: [],
      subjectCount: 0,
      unknownClaims: [],
      since: undefined,
    });
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(9);
    expect(statuses.filter((status) => status === 503)).toHaveLength(3);
    expect((await preview(harness, { user: "bob" })).status).toBe(200);
    expect(harness.failures).toEqual([]);
  });
});
