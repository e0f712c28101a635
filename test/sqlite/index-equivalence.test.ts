/** Whatever way a rule is filed and found, the answer is that of trying every rule in turn. */
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { JsonObject, JsonValue } from "../../src/core/json.ts";
import { jsonText } from "../../src/core/revocation/json-text.ts";
import { parseRule } from "../../src/core/revocation/parse-rule.ts";
import { ruleMatches } from "../../src/core/revocation/reference.ts";
import type { RevocationIndex, RuleMatch, RuleScope } from "../../src/core/revocation/store.ts";
import { openStore } from "../../src/sqlite/open-store.ts";
import { claimSets, rules } from "../core/revocation/arbitraries.ts";
import { ACTOR, claims, NOW, nowMs, ruleOf, useFolder } from "./store-fixture.ts";

const numRuns = process.env["FULL"] === "1" ? 200 : 40;

interface Given {
  readonly scope: RuleScope;
  readonly rule: JsonObject;
  readonly expireAt: number;
  readonly isLifted: boolean;
}

interface Asked {
  readonly claims: JsonObject;
  readonly subjects: readonly string[];
  readonly issuer: string | undefined;
  readonly nowSeconds: number;
}

const issuers = fc.constantFrom(undefined, "one", "one", "two");

/** Mostly one subject, so that its rules meet. */
const subjects = fc.constantFrom("bob", "bob", "bob", "bob", "eve", "g");

/** Rules that differ in a threshold only, as an issuer's software writes them by the hundred. */
const ladders: fc.Arbitrary<JsonObject> = fc
  .tuple(
    fc.constantFrom("lte", "lte", "gt", "gte"),
    fc.integer({ min: 0, max: 9 }),
    fc.constantFrom<JsonObject>(new Map(), new Map(), new Map([["sub", "a"]])),
  )
  .map(([op, bound, more]) => new Map([...more, ["iat", new Map([[op, bound]])]]));

const FILLER = new Map([["exists", true]]);

/** An OR of claims that tokens seldom have, and behind them what shorter rules say too. */
function longRule(fillers: number, tail: JsonObject): JsonObject {
  const names = Array.from({ length: fillers }, (_, n) => `c${n}`);
  return new Map<string, JsonValue>([
    ["_or", true],
    ...names.map((name) => [name, FILLER] as const),
    ...tail,
  ]);
}

/** What may stand in a part that has a number of its own, or in one beyond the last that does. */
const tails: fc.Arbitrary<JsonObject> = fc
  .tuple(fc.constantFrom("lte", "gt"), fc.integer({ min: 0, max: 9 }), fc.constantFrom(1, 2, 3))
  .map(([op, bound, which]) => {
    const members = new Map<string, JsonValue>();
    if (which !== 2) members.set("zz", FILLER);
    if (which !== 1) members.set("iat", new Map([[op, bound]]));
    return members;
  });

const longRules: fc.Arbitrary<JsonObject> = fc
  .tuple(fc.integer({ min: 252, max: 259 }), tails)
  .map(([fillers, tail]) => longRule(fillers, tail));

const subjectScopes: fc.Arbitrary<RuleScope> = fc.record({
  kind: fc.constant("subject" as const),
  subject: subjects,
  issuer: issuers,
});

const scopes: fc.Arbitrary<RuleScope> = fc.oneof(
  fc.constant<RuleScope>({ kind: "global" }),
  subjectScopes,
);

/** Of two subjects, so that each meets what the other's rules have left in memory. */
const eitherScopes: fc.Arbitrary<RuleScope> = fc.record({
  kind: fc.constant("subject" as const),
  subject: fc.constantFrom("bob", "eve"),
  issuer: fc.constant(undefined),
});

function givenOf(
  scope: fc.Arbitrary<RuleScope>,
  rule: fc.Arbitrary<JsonObject>,
): fc.Arbitrary<Given> {
  return fc.record({
    scope,
    rule,
    expireAt: fc.constantFrom(0, 0, NOW + 10, NOW + 20),
    isLifted: fc.constantFrom(false, false, false, true),
  });
}

/**
 * Random rules match so often that a few of them hide what all others would have answered: few at a
 * time, or many of a kind that matches seldom.
 */
const givens: fc.Arbitrary<readonly Given[]> = fc.oneof(
  fc.array(givenOf(scopes, rules), { minLength: 1, maxLength: 3 }),
  fc.array(givenOf(scopes, ladders), { minLength: 1, maxLength: 6 }),
  fc.array(givenOf(subjectScopes, ladders), { minLength: 10, maxLength: 30 }),
  fc.array(givenOf(eitherScopes, fc.oneof(longRules, tails)), { minLength: 2, maxLength: 4 }),
);

const questions: fc.Arbitrary<Asked> = fc.record({
  claims: fc.oneof(
    claimSets,
    fc.record({ iat: fc.integer({ min: 0, max: 10 }), sub: fc.constantFrom("a", "b") }).map(
      ({ iat, sub }): JsonObject =>
        new Map<string, string | number>([
          ["iat", iat],
          ["sub", sub],
        ]),
    ),
    fc
      .subarray(["c0", "c1", "c254", "c255", "zz", "iat"], { maxLength: 2 })
      .map((names): JsonObject => new Map(names.map((name) => [name, 5]))),
  ),
  subjects: fc.subarray(["bob", "eve", "g", "nobody"]),
  issuer: issuers,
  nowSeconds: fc.constantFrom(NOW, NOW + 9, NOW + 10, NOW + 25),
});

function isMeant({ scope, expireAt, isLifted }: Given, asked: Asked): boolean {
  if (isLifted || (expireAt !== 0 && asked.nowSeconds >= expireAt)) return false;
  if (scope.kind === "global") return true;
  const isIssuer = scope.issuer === undefined || scope.issuer === asked.issuer;
  return isIssuer && asked.subjects.includes(scope.subject);
}

function ask(index: RevocationIndex, asked: Asked): RuleMatch | undefined {
  return index.findMatch(asked.claims, asked.subjects, asked.issuer, asked.nowSeconds);
}

describe("findMatch", () => {
  const folder = useFolder();

  test("does not take a long rule of one subject for the short one of another", async () => {
    const store = await openStore(folder(), { nowMs });
    const ofX = ruleOf("x", jsonText(longRule(258, new Map([["zz", FILLER]]))));
    await store.rules.addRule(ofX, ACTOR);
    await store.rules.addRule(ruleOf("y", '{"zz":{"exists":true}}'), ACTOR);
    const isRevoked = (subject: string, text: string): boolean =>
      store.index.findMatch(claims(text), [subject], undefined, NOW) !== undefined;
    // Asked about first, so that its last part is remembered.
    expect(isRevoked("x", "{}")).toBe(false);
    expect(isRevoked("y", '{"c0":1}')).toBe(false);
    expect([isRevoked("y", '{"zz":1}'), isRevoked("x", '{"c0":1}')]).toEqual([true, true]);
    expect([isRevoked("x", '{"c257":1}'), isRevoked("x", '{"zz":1}')]).toEqual([true, true]);
    await store.close();
  });

  for (const [way, subjectEntries] of [
    ["compiled in memory", 8192],
    ["looked up on disk", 0],
  ] as const) {
    test(`agrees with the reference over all rules, subjects ${way}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          givens,
          fc.array(questions, { minLength: 10, maxLength: 40 }),
          async (given, asked) => {
            const path = folder();
            const first = await openStore(path, { nowMs, index: { subjectEntries } });
            const byId = new Map<number, Given>();
            for (const one of given) {
              // Asked in between, so that what was compiled has to be dropped.
              for (const question of asked.slice(0, 3)) ask(first.index, question);
              const { scope, expireAt } = one;
              const rule = parseRule(one.rule);
              const { id } = await first.rules.addRule(
                { scope, rule, expireAt, reason: "x" },
                ACTOR,
              );
              if (one.isLifted) await first.rules.liftRule(id, "x", ACTOR);
              byId.set(id, one);
            }
            const check = (index: RevocationIndex): void => {
              for (const question of asked) {
                const expected = given.some(
                  (one) => isMeant(one, question) && ruleMatches(one.rule, question.claims),
                );
                const found = ask(index, question);
                expect(found !== undefined).toBe(expected);
                if (found === undefined) continue;
                const one = byId.get(found.ruleId);
                expect(one?.scope.kind).toBe(found.scope);
                expect(one !== undefined && isMeant(one, question)).toBe(true);
                expect(one !== undefined && ruleMatches(one.rule, question.claims)).toBe(true);
              }
            };
            check(first.index);
            await first.close();
            const second = await openStore(path, {
              nowMs: () => (NOW + 15) * 1000,
              index: { subjectEntries },
            });
            check(second.index);
            // What has ended by then is taken out of the index: later answers stay the same.
            await second.tidy();
            const late = asked.map((one) => ({ ...one, nowSeconds: NOW + 25 }));
            for (const question of late) {
              expect(ask(second.index, question) !== undefined).toBe(
                given.some(
                  (one) => isMeant(one, question) && ruleMatches(one.rule, question.claims),
                ),
              );
            }
            await second.close();
          },
        ),
        { numRuns },
      );
    }, 600_000);
  }
});
