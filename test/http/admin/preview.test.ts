/** Previews that are a burden, and previews of what one may not see. */
import { afterAll, describe, expect, test } from "bun:test";
import { parseJsonObject } from "../../../src/core/json-parse.ts";
import { type SampleMatches, SeenTokens } from "../../../src/core/revocation/seen-tokens.ts";
import { subjectsOf } from "../../../src/core/token/claims.ts";
import type { AuthenticToken } from "../../../src/core/token/verdict.ts";
import { createHarness, NOW, type AskInit, type Harness } from "./harness.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

const JWE_HEADER = '{"alg":"dir","enc":"A256GCM"}';

function authentic(
  claims: Readonly<Record<string, unknown>>,
  jweHeaderText?: string,
): AuthenticToken {
  const claimsText = JSON.stringify(claims);
  const parsed = parseJsonObject(claimsText);
  return {
    claimsText,
    claims: parsed,
    isStateless: false,
    subjects: subjectsOf(parsed.object, ["username", "sub"]),
    issuer: undefined,
    jweHeaderText,
    alg: "dir",
    kid: undefined,
    keyThumbprint: undefined,
    keySource: undefined,
  };
}

const preview = (
  { ask }: Harness,
  body: Readonly<Record<string, unknown>>,
  as: AskInit["as"] = "viewer",
) => ask("POST", "/rules/preview", { body, as });

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
    const rule = Object.fromEntries(CLAIMS.slice(0, 4).map((name) => [name, { regex: SLOW }]));
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
      leftOut: 0,
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

test("a preview says by how much a rule until now may reach beyond its writing", async () => {
  const harness = await createHarness(stack);
  const aheadOf = async (body: Readonly<Record<string, unknown>>) =>
    ((await preview(harness, body)).body as { readonly aheadSeconds?: number }).aheadSeconds;
  expect(await aheadOf({ user: "bob" })).toBePositive();
  expect(await aheadOf({ issuedBefore: "now" })).toBePositive();
  expect(await aheadOf({ issuedBefore: NOW - 60 })).toBeUndefined();
  expect(await aheadOf({ block: "bob" })).toBeUndefined();
});

describe("what an encrypted token says", () => {
  const SECRET = { sub: "carol", jti: "secret-jti", salary: "90000" };
  /** Two parts, so that it is taken for a token; what is in it is said by the fake judge. */
  const JWE = `${Buffer.from('{"alg":"dir","enc":"A128GCM"}').toString("base64url")}..aXY.dGV4dA.dGFn`;
  const open = () =>
    createHarness(stack, {
      judge: (token) => ({
        isValid: true,
        token: authentic(SECRET, token === JWE ? JWE_HEADER : undefined),
        untilSeconds: undefined,
      }),
    });
  const trial = { scope: "global", rule: { salary: { sw: "9" } } };

  test("is not told to a viewer by what a rule finds in it", async () => {
    const harness = await open();
    const answer = await preview(harness, { ...trial, test: JWE });
    expect(answer.body["test"]).toEqual({
      isValid: true,
      words: expect.any(String),
      claimsHidden: true,
    });
  });

  test("is told to an operator, and of a signed token to a viewer", async () => {
    const harness = await open();
    const told = { isValid: true, matches: true, wouldPass: false };
    const asOperator = await preview(harness, { ...trial, test: JWE }, "operator");
    expect(asOperator.body["test"]).toMatchObject(told);
    const signed = await preview(harness, { ...trial, test: "signed.token" });
    expect(signed.body["test"]).toMatchObject(told);
  });

  test.each(["token", "family"])("is not told to a viewer by an intent's %s", async (kind) => {
    const harness = await open();
    const refused = await preview(harness, { [kind]: ` ${JWE}` });
    expect(refused.status).toBe(403);
    expect(refused.text).not.toContain("carol");
    expect(refused.text).not.toContain("secret-jti");
    const body = { token: JWE };
    expect((await preview(harness, body, "operator")).body["subject"]).toBe("carol");
    expect((await preview(harness, { token: "signed.token" })).body["subject"]).toBe("carol");
  });

  test("is not in a viewer's count of the tokens seen, and he is told so", async () => {
    const harness = await open();
    harness.seenTokens.watch(["salary"]);
    harness.seenTokens.note(authentic(SECRET, JWE_HEADER));
    harness.seenTokens.note(authentic({ sub: "bob" }));
    const asViewer = await preview(harness, trial);
    expect(asViewer.body["seen"]).toMatchObject({ of: 1, matched: 0, leftOut: 1, subjects: [] });
    const asOperator = await preview(harness, trial, "operator");
    expect(asOperator.body["seen"]).toMatchObject({ of: 2, matched: 1, leftOut: 0 });
    expect(asOperator.body["seen"]).toMatchObject({ subjects: ["carol"] });
  });
});
