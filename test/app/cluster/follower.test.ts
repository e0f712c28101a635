/** A node's replica in step with the shared journal: by notices, after gaps, in another history, after long. */
import { writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "bun:test";
import { Follower } from "../../../src/app/cluster/follower.ts";
import type { PostgresStore } from "../../../src/postgres/open-store.ts";
import { seal } from "../../../src/postgres/notice.ts";
import { openNodeStore } from "../../../src/sqlite/replica/node-store.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { usePostgres } from "../../postgres/fixture.ts";
import { ACTOR, claims, NOW, ruleOf, useFolder } from "../../sqlite/store-fixture.ts";

const RULE = '{"iat":{"lte":10}}';

describe("a replica of the shared store", () => {
  const { open, openAgain, server } = usePostgres();
  const folder = useFolder();
  const stack = new AsyncDisposableStack();
  afterAll(() => stack.disposeAsync());

  const countListening = () =>
    server().sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");

  /** Another node, on a folder of its own or one that it had before. */
  async function startNode(store: PostgresStore, path = folder()) {
    const node = await openNodeStore(path);
    const events: string[] = [];
    const follower = new Follower({
      database: store.database,
      node,
      monotonicMs: () => performance.now(),
      prepare: () => store.prepare(),
      onTrouble: () => events.push("trouble"),
      onFollowing: () => events.push("following"),
    });
    follower.hear({
      onChanges: (changes) => events.push(`changes ${changes.map(({ seq }) => seq).join(" ")}`),
      onReset: () => events.push("reset"),
    });
    await follower.open();
    follower.poke();
    let isStopped = false;
    const stop = async () => {
      if (isStopped) return;
      isStopped = true;
      await follower.stop();
      node.close();
    };
    stack.defer(stop);
    const isRevoked = (subject: string, text = '{"iat":5}') =>
      follower.replica?.index.findMatch(claims(text), [subject], undefined, NOW) !== undefined;
    return { follower, events, isRevoked, path, stop };
  }

  test("takes a snapshot first, then each change, soon after it was made anywhere", async () => {
    const [writer, reader] = [await open(), await openAgain()];
    await writer.rules.addRule(ruleOf("bob", RULE), ACTOR);
    const { follower, events, isRevoked } = await startNode(reader);
    expect(await follower.reached(1, 5000)).toBe(true);
    expect([isRevoked("bob"), isRevoked("eve")]).toEqual([true, false]);
    const added = await writer.rules.addRule(ruleOf("eve", RULE), ACTOR);
    const before = performance.now();
    await waitFor("the notice", () => isRevoked("eve"), 1500);
    // By the notice: the next poll would have come later.
    expect(performance.now() - before).toBeLessThan(1500);
    await writer.rules.liftRule(added.id, "a mistake", ACTOR);
    expect(await follower.reached(3, 5000)).toBe(true);
    expect(isRevoked("eve")).toBe(false);
    expect(events).toEqual(["reset", "changes 2", "changes 3"]);
    expect(follower.lag()).toMatchObject({ seq: 3, headSeq: 3 });
  });

  test("believes no notice of another history, none with a gap, and none that is not sealed", async () => {
    const [writer, reader] = [await open(), await openAgain()];
    const { follower, isRevoked } = await startNode(reader);
    await follower.reached(0, 5000);
    const epoch = follower.replica?.epoch ?? "";
    const rule = { id: 77, text: '{"iat":{"lte":10}}', format: 1, expireAt: 0, subject: "eve" };
    const entry = { seq: 1, atMs: 1, kind: "rule_added", scope: "subject", subject: "eve", rule };
    const key = (await server().sql("SELECT notice_key FROM haproxy_jwt.store")).trim();
    const sealed = (value: unknown, by = key): string => seal(JSON.stringify(value), by);
    const good = sealed({ epoch, entry });
    const forged = [
      sealed({ epoch, entry }, "another key"),
      `${good.slice(0, -3)}AAA`,
      `A${good.slice(1)}`,
      good.slice(0, 20),
      JSON.stringify({ epoch, entry }),
      sealed({ epoch: "another", entry }),
      sealed({ epoch, entry: { ...entry, seq: 2 } }),
      sealed({ epoch, entry: { ...entry, rule: undefined } }),
      sealed({ epoch, entry: { ...entry, kind: "rules_imported" } }),
      sealed({ epoch, entry: { ...entry, scope: "all" } }),
      sealed("not an entry"),
      "not JSON",
    ];
    for (const payload of forged) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await writer.database.read((sql) => sql`SELECT pg_notify('haproxy_jwt_journal', ${payload})`);
    }
    await writer.rules.addRule(ruleOf("bob", RULE), ACTOR);
    await writer.rules.addRule(ruleOf("joe", `{"jti":"${"x".repeat(9000)}"}`), ACTOR);
    expect(await follower.reached(2, 5000)).toBe(true);
    expect([isRevoked("bob"), isRevoked("eve")]).toEqual([true, false]);
    expect(follower.replica?.index.counts().subjectRules).toBe(2);
  });

  test("puts an import in force all at once, its global rules too", async () => {
    const store = await open();
    const { follower, isRevoked } = await startNode(store);
    const staged = await store.rules.beginImport(ACTOR, "a file");
    await staged.stage([
      { line: 1, rule: ruleOf(undefined, '{"jti":"g"}') },
      { line: 2, rule: ruleOf("bob", RULE) },
    ]);
    // Written later, in force sooner: a greater id than the import's.
    await store.rules.addRule(ruleOf(undefined, '{"jti":"h"}'), ACTOR);
    expect(await follower.reached(1, 5000)).toBe(true);
    expect([isRevoked("x", '{"jti":"h"}'), isRevoked("x", '{"jti":"g"}')]).toEqual([true, false]);
    await staged.commit();
    expect(await follower.reached(2, 5000)).toBe(true);
    expect([isRevoked("x", '{"jti":"g"}'), isRevoked("bob")]).toEqual([true, true]);
  });

  test("goes on from where it was after a restart, without a snapshot", async () => {
    const store = await open();
    const first = await startNode(store);
    await store.rules.addRule(ruleOf("bob", RULE), ACTOR);
    await first.follower.reached(1, 5000);
    await first.stop();
    await store.rules.addRule(ruleOf("eve", RULE), ACTOR);
    const second = await startNode(store, first.path);
    expect(second.isRevoked("bob")).toBe(true);
    expect(await second.follower.reached(2, 5000)).toBe(true);
    expect(second.isRevoked("eve")).toBe(true);
    expect(second.events).toEqual(["changes 2"]);
  });

  test("is woken by one connection, however often PostgreSQL was restarted", async () => {
    const store = await open();
    const { follower } = await startNode(store);
    await follower.reached(0, 5000);
    const before = await countListening();
    for (let round = 1; round <= 3; round += 1) {
      await server().stop();
      await waitFor("it to be missed", () => follower.trouble !== undefined);
      await server().start();
      await waitFor("it to be followed again", () => follower.trouble === undefined);
    }
    const added = await store.rules.addRule(ruleOf("bob", RULE), ACTOR);
    expect(await follower.reached(added.seq, 5000)).toBe(true);
    await waitFor("as many to listen as before", async () => (await countListening()) === before);
  }, 60_000);

  test("is taken anew where its file is damaged", async () => {
    const store = await open();
    await store.rules.addRule(ruleOf("bob", RULE), ACTOR);
    const first = await startNode(store);
    await first.follower.reached(1, 5000);
    const file = first.follower.replica?.path ?? "";
    await first.stop();
    writeFileSync(file, "not a database");
    const second = await startNode(store, first.path);
    expect(await second.follower.reached(1, 5000)).toBe(true);
    expect(second.events).toEqual(["reset"]);
    expect(second.isRevoked("bob")).toBe(true);
  });

  test("takes a fresh snapshot after it was away for longer than the journal is kept", async () => {
    const store = await open();
    const first = await startNode(store);
    const bob = await store.rules.addRule(ruleOf("bob", RULE), ACTOR);
    await first.follower.reached(1, 5000);
    await first.stop();
    await store.rules.liftRule(bob.id, "over", ACTOR);
    await store.rules.addRule(ruleOf("eve", RULE), ACTOR);
    await server().sql("DELETE FROM haproxy_jwt.journal WHERE seq < 3");
    const second = await startNode(store, first.path);
    expect(second.isRevoked("bob")).toBe(true);
    await waitFor("the snapshot", () => second.events.includes("reset"));
    expect([second.isRevoked("bob"), second.isRevoked("eve")]).toEqual([false, true]);
    expect(second.follower.replica?.seq).toBe(3);
  });

  test("is of another history where the journal has come less far than it has", async () => {
    const store = await open();
    const { follower, events, isRevoked } = await startNode(store);
    await store.rules.addRule(ruleOf("bob", RULE), ACTOR);
    await store.rules.addRule(ruleOf("eve", RULE), ACTOR);
    await follower.reached(2, 5000);
    const former = follower.replica?.epoch;
    events.length = 0;
    // As after a restore of an older state, on the same server.
    await server().sql(
      "DELETE FROM haproxy_jwt.rule WHERE subject = 'eve'; DELETE FROM haproxy_jwt.journal WHERE seq = 2; " +
        "UPDATE haproxy_jwt.store SET seq = 1",
    );
    await waitFor("the new history", () => events.includes("reset"));
    expect(follower.replica?.epoch).not.toBe(former);
    expect([isRevoked("bob"), isRevoked("eve")]).toEqual([true, false]);
    expect(follower.replica?.seq).toBe(1);
  });

  test("refuses a scope whose rule it cannot read, and nobody else", async () => {
    const store = await open();
    const { follower, isRevoked } = await startNode(store);
    await follower.reached(0, 5000);
    await server().sql("ALTER TABLE haproxy_jwt.rule DISABLE TRIGGER rule_text_stays");
    await store.rules.addRule(ruleOf("joe", '{"jti":"j"}'), ACTOR);
    await follower.reached(1, 5000);
    expect(isRevoked("bob")).toBe(false);
    await server().sql("UPDATE haproxy_jwt.rule SET text = '{', format = 9");
    const fresh = await startNode(await openAgain());
    await waitFor("the snapshot", () => fresh.follower.replica !== undefined);
    expect([fresh.isRevoked("joe"), fresh.isRevoked("bob")]).toEqual([true, false]);
  });
});
