/** Mirroring the seed's sets: what is written, what lifted, and when it had better be neither. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { followSeed, type FollowOptions } from "../../../src/app/seed/follow.ts";
import type { SeedEvent } from "../../../src/app/seed/seed-event.ts";
import type { NewRule } from "../../../src/core/revocation/store.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { Rules, Sets } from "./both-sides.ts";

const NOW = 1_800_000_000;

let sets: Sets;
let rules: Rules;
let events: SeedEvent[];
let stop: AbortController;
let running: Promise<unknown>;

beforeEach(() => {
  sets = new Sets();
  rules = new Rules();
  events = [];
  stop = new AbortController();
  running = Promise.resolve();
});
afterEach(async () => {
  stop.abort();
  await running;
});

/** Runs it until the test is over. @returns what it failed of, if it does */
function run(options: Partial<FollowOptions> = {}): Promise<unknown> {
  running = followSeed(
    sets,
    rules,
    {
      everySeconds: 3600,
      isLenient: false,
      mayBeEmpty: false,
      nowMs: () => NOW * 1000,
      report: (event) => events.push(event),
      ...options,
    },
    stop.signal,
  ).catch((error: unknown) => error);
  return running;
}

const kinds = () => events.map(({ event }) => event);
const settled = () => waitFor("the first reading", () => kinds().includes("read"));
const hint = (name: string) => sets.watcher?.onSet(name);
const until = (what: string, texts: readonly string[]) =>
  waitFor(what, () => Bun.deepEquals(rules.texts(), texts));

describe("following the seed's sets", () => {
  test("takes over what is there, once however often it begins", async () => {
    sets.set("bob", '{"a":1}', '{"a":1,"b":2}');
    sets.set("g", '{"c":3}');
    for (let round = 0; round < 2; round++) {
      void run();
      await settled();
      stop.abort();
      await running;
      stop = new AbortController();
      events = [];
    }
    expect(rules.texts()).toEqual(['* {"c":3}', 'bob {"a":1,"b":2}', 'bob {"a":1}'].toSorted());
    expect(rules.log).toHaveLength(3);
  });

  test("mirrors what is added and removed, and leaves other rules alone", async () => {
    await rules.add({
      scope: { kind: "subject", subject: "bob", issuer: undefined },
      rule: { text: '{"own":1}' } as NewRule["rule"],
      expireAt: 0,
      reason: "written by hand",
    });
    void run();
    await settled();
    sets.set("bob", '{"a":1}');
    hint("bob");
    await until("the rule to come", ['bob {"a":1}', 'bob {"own":1}']);
    sets.sets.delete("bob");
    hint("bob");
    await until("the rule to go", ['bob {"own":1}']);
  });

  test("writes the new before it lifts the old where an end was moved", async () => {
    sets.sets.set("bob", [{ text: '{"a":1}', score: NOW + 10 }]);
    void run();
    await settled();
    sets.sets.set("bob", [{ text: '{"a":1}', score: NOW + 99 }]);
    hint("bob");
    await waitFor("the old to go", () => rules.log.includes('-bob {"a":1}'));
    expect(rules.log).toEqual(['+bob {"a":1}', '+bob {"a":1}', '-bob {"a":1}']);
    expect([...rules.active.values()].map(({ expireAt }) => expireAt)).toEqual([NOW + 100]);
  });

  test("keeps a rule while one member that says it is left", async () => {
    sets.set("bob", '{"a":1}', '{ "a": 1 }');
    void run();
    await settled();
    expect(rules.texts()).toEqual(['bob {"a":1}']);
    sets.set("bob", '{ "a": 1 }');
    sets.set("carol", '{"b":1}');
    hint("bob");
    hint("carol");
    await until("the later hint to be followed", ['bob {"a":1}', 'carol {"b":1}']);
    expect(rules.log.filter((line) => line.startsWith("-"))).toEqual([]);
  });

  test("finds what no hint told of when it reads everything again", async () => {
    sets.told = "it is off";
    sets.set("bob", '{"a":1}');
    void run({ everySeconds: 0.02 });
    await settled();
    expect(events[0]).toMatchObject({ event: "polling", why: "it is off" });
    sets.set("carol", '{"b":1}');
    sets.sets.delete("bob");
    await until("both changes to be found", ['carol {"b":1}']);
  });

  test("reads everything again after nobody was listening", async () => {
    sets.set("bob", '{"a":1}');
    void run();
    await settled();
    sets.sets.delete("bob");
    sets.set("carol", '{"b":1}');
    sets.watcher?.onAny();
    await until("the changes to be found", ['carol {"b":1}']);
  });

  test("takes more than a few in one step", async () => {
    for (let index = 0; index < 60; index++) sets.set(`user-${index}`, '{"a":1}');
    void run();
    await settled();
    expect(rules.log.at(-1)).toBe("all 60");
  });

  test("goes on with the others when one may not be written after all", async () => {
    for (let index = 0; index < 60; index++) sets.set(`user-${index}`, `{"a":${index}}`);
    rules.unwanted = '{"a":7}';
    void run();
    await settled();
    expect(rules.active.size).toBe(59);
    sets.set("bob", '{"a":7}', '{"b":1}');
    hint("bob");
    await waitFor("the other to come", () => rules.texts().includes('bob {"b":1}'));
    const refused = events.flatMap((event) => (event.event === "refused" ? [event.set] : []));
    expect(refused).toEqual(["user-7", "bob"]);
  });

  test("lifts nothing for a set that only the reading of everything has missed", async () => {
    sets.set("bob", '{"a":1}');
    sets.set("carol", '{"b":1}');
    void run({ everySeconds: 0.02 });
    await settled();
    sets.unseen.add("bob");
    const before = sets.readings;
    await waitFor("more readings", () => sets.readings > before + 2);
    expect(rules.texts()).toEqual(['bob {"a":1}', 'carol {"b":1}']);
  });

  test("lifts nothing while either side is away, and catches up", async () => {
    sets.set("bob", '{"a":1}');
    void run({ everySeconds: 0.02 });
    await settled();
    for (const side of [sets, rules]) {
      side.isAway = true;
      events = [];
      await waitFor("it to be said", () => kinds().includes("away"));
      expect(rules.texts()).toEqual(['bob {"a":1}']);
      side.isAway = false;
      await waitFor("the return to be said", () => kinds().includes("back"));
    }
    sets.sets.delete("bob");
    await until("the removal to be found", []);
  });

  test("lifts nothing when another server has none of the rules, until it has", async () => {
    sets.set("bob", '{"a":1}');
    sets.set("carol", '{"b":1}');
    void run();
    await settled();
    sets.server = "two";
    sets.sets.clear();
    sets.watcher?.onAny();
    await waitFor("it to be said", () => kinds().includes("held"));
    hint("bob");
    sets.set("dave", '{"d":1}');
    hint("dave");
    await until("what is new to come", ['bob {"a":1}', 'carol {"b":1}', 'dave {"d":1}']);
    sets.set("carol", '{"b":1}');
    sets.sets.delete("dave");
    sets.watcher?.onAny();
    await until("the rest to be believed", ['carol {"b":1}']);
  });

  test("lifts everything when the same server has none of the rules any more", async () => {
    sets.set("bob", '{"a":1}');
    void run();
    await settled();
    sets.sets.clear();
    sets.watcher?.onAny();
    await until("the removal to be followed", []);
  });

  test("does not begin with a Redis that has none of the rules, unless told that it may", async () => {
    sets.set("bob", '{"a":1}');
    void run();
    await settled();
    stop.abort();
    await running;
    stop = new AbortController();
    sets.sets.clear();
    expect(await run()).toMatchObject({ code: "conflict" });
    expect(rules.texts()).toEqual(['bob {"a":1}']);
    void run({ mayBeEmpty: true });
    await until("the removal to be believed", []);
  });

  test("names what it refuses, once, and begins only when told to go on", async () => {
    sets.set("bob", '{"a":1}', '{"b":{"gt":"x","nope":1}}', "no json");
    expect(await run()).toMatchObject({ code: "invalid" });
    expect(rules.texts()).toEqual([]);
    events = [];
    void run({ isLenient: true, everySeconds: 0.02 });
    await settled();
    const before = sets.readings;
    await waitFor("more readings", () => sets.readings > before + 2);
    const refused = events.filter(({ event }) => event === "refused");
    expect(refused).toMatchObject([
      { set: "bob", place: 1 },
      { set: "bob", place: 2 },
    ]);
    expect(rules.texts()).toEqual(['bob {"a":1}']);
    sets.set("bob", '{"a":1}');
    hint("bob");
    sets.set("carol", "[]");
    hint("carol");
    await waitFor("a new refusal", () =>
      events.some((event) => event.event === "refused" && event.set === "carol"),
    );
  });
});
