/** Revocations outlast a change to a policy that accepts tokens for longer, whichever store they lie in. */
import { afterAll, describe, expect, test } from "bun:test";
import { RuleEnds } from "../../src/app/rule-ends.ts";
import { AppError } from "../../src/core/app-error.ts";
import type { AccountStore } from "../../src/core/revocation/accounts.ts";
import type { EndPolicy } from "../../src/core/revocation/rule-ends.ts";
import type { NewRule, RuleStore } from "../../src/core/revocation/store.ts";
import { openStore } from "../../src/sqlite/open-store.ts";
import { usePostgres } from "../postgres/fixture.ts";
import { codeOf } from "../sqlite/refusal.ts";
import { ACTOR, claims, NOW, ruleOf, useFolder } from "../sqlite/store-fixture.ts";

interface Bench {
  readonly rules: Pick<
    RuleStore,
    "addRule" | "liftRule" | "beginImport" | "listRules" | "listAudit" | "changesSince" | "seq"
  >;
  readonly settings: Pick<AccountStore, "getSetting" | "setSetting">;
}

const STRICT: EndPolicy = { skewSeconds: 0, maxTokenAgeSeconds: 4 };
const LONG: EndPolicy = { skewSeconds: 60, maxTokenAgeSeconds: undefined };

const clock = { now: NOW };
const nowMs = () => clock.now * 1000;
const ofToken = (jti: string) => ruleOf("bob", `{"jti":"${jti}"}`, { expireAt: NOW + 3 });
const ofUser = (name: string) =>
  ruleOf(name, `{"iat":{"_or":true,"lte":${NOW},"exists":false}}`, { expireAt: NOW + 5 });

/** What a run of the server keeps and says. */
function run({ rules, settings }: Bench) {
  const said: string[] = [];
  const ends = new RuleEnds({
    rules,
    settings,
    log: { warn: (message, facts) => said.push(`${message} ${facts?.["count"]}`) },
    nowSeconds: () => clock.now,
  });
  const write = (rule: NewRule, policy = STRICT) =>
    ends.write(policy, () => rules.addRule(rule, ACTOR));
  return { ends, said, write };
}

async function listOf({ rules }: Bench) {
  const { items } = await rules.listRules({ order: "asc", limit: 100 });
  return items.map(({ id, expireAt, reason, state }) => ({ id, expireAt, reason, state }));
}

function behaves(open: () => Promise<Bench>): void {
  test("carries on what ended meanwhile and what would, in one audited change, once", async () => {
    clock.now = NOW;
    const bench = await open();
    const first = run(bench);
    await first.ends.keep(STRICT);
    for (const rule of [ofToken("a"), ofUser("eve"), ofUser("dan")]) await first.write(rule);
    await first.write(ruleOf("bob", '{"role":"x"}', { expireAt: NOW + 900 }));
    const seq = await bench.rules.seq();
    clock.now = NOW + 7;

    const second = run(bench);
    await second.ends.keep(LONG);
    const carried = (await listOf(bench)).slice(4);
    expect(carried.map(({ expireAt, reason, state }) => [expireAt, reason, state])).toEqual(
      expect.arrayContaining([
        [NOW + 63, "carries on rule 1: a test", "active"],
        [0, "carries on rule 2: a test", "active"],
        [0, "carries on rule 3: a test", "active"],
      ]),
    );
    expect(carried).toHaveLength(3);
    expect(second.said).toEqual([expect.stringContaining("accepted for longer than before")]);
    const changes = await bench.rules.changesSince(seq, 10);
    expect(changes?.map(({ kind, scope }) => [kind, scope])).toEqual([["rules_imported", "all"]]);
    const { items } = await bench.rules.listAudit({ action: "rule.import", limit: 10 });
    expect(items.map(({ actor, reason }) => [actor.who, reason])).toEqual([
      ["server", "3 rules from revocations that tokens would have outlived"],
    ]);

    const third = run(bench);
    await third.ends.keep(LONG);
    expect([third.said, (await listOf(bench)).length]).toEqual([[], 7]);
  });

  test("writes nothing under the same policy, or one that is shorter", async () => {
    clock.now = NOW;
    const bench = await open();
    const { ends, said, write } = run(bench);
    await ends.keep({ ...LONG, maxTokenAgeSeconds: 4 });
    await write(ofToken("a"), { ...LONG, maxTokenAgeSeconds: 4 });
    await ends.keep({ ...LONG, maxTokenAgeSeconds: 4 });
    await ends.keep(STRICT);
    expect([said, (await listOf(bench)).length]).toEqual([[], 1]);
  });

  test("leaves alone what was lifted, and what was lifted after it had been carried on", async () => {
    clock.now = NOW;
    const bench = await open();
    const { ends, write } = run(bench);
    await ends.keep(STRICT);
    const [lifted, other] = [await write(ofToken("a")), await write(ofToken("b"))];
    await bench.rules.liftRule(lifted.id, "a mistake", ACTOR);
    await ends.keep(LONG);
    const carried = (await listOf(bench)).slice(2);
    expect(carried.map(({ reason }) => reason)).toEqual([`carries on rule ${other.id}: a test`]);
    await bench.rules.liftRule(carried[0]?.id ?? 0, "a mistake too", ACTOR);
    clock.now = NOW + 7;
    await ends.keep(STRICT);
    await ends.keep(LONG);
    expect(await listOf(bench)).toHaveLength(3);
  });

  test("finds a rule that a process of a shorter policy has written since", async () => {
    clock.now = NOW;
    const bench = await open();
    await run(bench).ends.keep(LONG);
    await run(bench).write(ofToken("a"));
    const { ends, said } = run(bench);
    await ends.keep(LONG);
    expect(said).toHaveLength(1);
    expect((await listOf(bench)).map(({ expireAt }) => expireAt)).toEqual([NOW + 3, NOW + 63]);
  });

  test("carries on at once what was still being written while a policy came", async () => {
    clock.now = NOW;
    const bench = await open();
    const { ends, write } = run(bench);
    await ends.keep(STRICT);
    await Promise.all([ends.keep(LONG), write(ofToken("a"))]);
    expect((await listOf(bench)).map(({ expireAt }) => expireAt)).toEqual([NOW + 3, NOW + 63]);
  });
}

describe("on SQLite", () => {
  const folder = useFolder();
  const stack = new AsyncDisposableStack();
  afterAll(() => stack.disposeAsync());

  const openHere = async () => {
    const store = await openStore(folder(), { nowMs });
    stack.defer(() => store.close());
    return store;
  };
  behaves(async () => {
    const { rules, accounts } = await openHere();
    return { rules, settings: accounts };
  });

  test("a token that a carried rule is for is refused as soon as it is kept", async () => {
    clock.now = NOW;
    const store = await openHere();
    const { ends, write } = run({ rules: store.rules, settings: store.accounts });
    await ends.keep(STRICT);
    await write(ofToken("a"));
    clock.now = NOW + 7;
    await store.tidy();
    const isRevoked = (jti: string) =>
      store.index.findMatch(claims(`{"jti":"${jti}"}`), ["bob"], undefined, clock.now) !==
      undefined;
    expect(isRevoked("a")).toBe(false);
    await ends.keep(LONG);
    expect([isRevoked("a"), isRevoked("b")]).toEqual([true, false]);
  });

  test("a store that cannot be written fails the start, and a shared one is tried again", async () => {
    const store = await openHere();
    let isAway = true;
    const { ends } = run({
      rules: store.rules,
      settings: {
        getSetting: (name) => store.accounts.getSetting(name),
        setSetting: async (name, value) => {
          if (isAway) throw new AppError("unavailable", "away");
          await store.accounts.setSetting(name, value);
          kept.resolve();
        },
      },
    });
    const kept = Promise.withResolvers<void>();
    expect(await codeOf(ends.begin(STRICT, false))).toBe("unavailable");
    await ends.begin(STRICT, true);
    expect(ends.isKept).toBe(false);
    isAway = false;
    await kept.promise;
    await ends.keep(STRICT);
    expect(ends.isKept).toBe(true);
    ends.stop();
  });
});

describe("on PostgreSQL", () => {
  const { open } = usePostgres();
  behaves(async () => {
    const { rules, accounts } = await open({ nowMs });
    return { rules, settings: accounts };
  });
});
