/** What is said of a change whose COMMIT got lost: never that it is done, never that it is not. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { refusalOf } from "../sqlite/refusal.ts";
import { ACTOR, ruleOf } from "../sqlite/store-fixture.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { type CommitProxy, startCommitProxy } from "./commit-proxy.ts";
import { usePostgres } from "./fixture.ts";

const RULE = '{"iat":{"lte":10}}';

describe("a change whose connection is lost", () => {
  const { open, server } = usePostgres();
  const stack = new AsyncDisposableStack();
  let proxy: CommitProxy;
  const openThroughProxy = async () => {
    proxy.set("none");
    const url = server().url.replace(`:${server().port}/`, `:${proxy.port}/`);
    return open({ endpoints: [url], patienceMs: 1000, commitPatienceMs: 500 });
  };
  const countRules = async () =>
    Number(await server().sql("SELECT count(*) FROM haproxy_jwt.rule"));
  beforeAll(async () => {
    proxy = await startCommitProxy(stack, server().port);
  });
  afterAll(() => stack.disposeAsync());

  test("after COMMIT was sent is unknown, and was made", async () => {
    const { rules } = await openThroughProxy();
    proxy.set("lose");
    expect((await refusalOf(rules.addRule(ruleOf("bob", RULE), ACTOR))).code).toBe("unknown");
    proxy.set("none");
    expect(await countRules()).toBe(1);
    // Found again by its key, as somebody who tries again would.
    expect(await rules.addRule(ruleOf("eve", RULE), ACTOR)).toMatchObject({ seq: 2 });
  });

  test("before COMMIT arrived is unknown too, and was not made", async () => {
    const { rules } = await openThroughProxy();
    proxy.set("keep");
    expect((await refusalOf(rules.addRule(ruleOf("bob", RULE), ACTOR))).code).toBe("unknown");
    proxy.set("none");
    await waitFor("the transaction to be undone", async () => (await countRules()) === 0);
  });

  test("while COMMIT hangs is unknown once its time is up", async () => {
    const { rules } = await openThroughProxy();
    proxy.set("hang");
    expect((await refusalOf(rules.addRule(ruleOf("bob", RULE), ACTOR))).code).toBe("unknown");
  });

  test("before COMMIT was sent is unavailable: nothing was changed", async () => {
    const { rules } = await openThroughProxy();
    proxy.set("mute");
    const refusal = await refusalOf(rules.addRule(ruleOf("bob", RULE), ACTOR));
    expect(refusal.code).toBe("unavailable");
    proxy.set("none");
    expect(await countRules()).toBe(0);
    await waitFor("the way to be open again", async () => (await rules.seq()) === 0);
  });

  test("is found by its idempotency key when it is sent again", async () => {
    const { rules } = await openThroughProxy();
    const once = { key: "k", who: "ann", requestHash: "h" };
    proxy.set("lose");
    const lost = rules.addRule(ruleOf("bob", RULE), ACTOR, once);
    expect((await refusalOf(lost)).code).toBe("unknown");
    proxy.set("none");
    const again = await rules.addRule(ruleOf("bob", RULE), ACTOR, once);
    expect(again).toMatchObject({ id: 1, seq: 1, replayed: true });
  });
});

describe("a change without a standby that confirms it", () => {
  const { open, openAgain, server } = usePostgres();

  test("is refused where no standby is named any more, and taken where one man answers for it", async () => {
    const single = await open();
    await single.rules.addRule(ruleOf("bob", RULE), ACTOR);
    const refusal = await refusalOf(openAgain({ isSingle: false }));
    expect([refusal.code, refusal.message]).toEqual([
      "config",
      expect.stringContaining("synchronous_standby_names"),
    ]);
  });

  test("is never acknowledged while the named standby is away", async () => {
    const store = await open({ commitPatienceMs: 500 });
    await server().set("synchronous_standby_names = 'other'");
    await waitFor("the setting", async () =>
      (await server().sql("SHOW synchronous_standby_names")).includes("other"),
    );
    const strict = await openAgain({ isSingle: false, commitPatienceMs: 500 });
    for (const { rules } of [store, strict]) {
      // oxlint-disable-next-line no-await-in-loop -- one waits for the other's lock
      expect((await refusalOf(rules.addRule(ruleOf("bob", RULE), ACTOR))).code).toBe(
        rules === store.rules ? "unknown" : "unavailable",
      );
    }
    await server().set("synchronous_standby_names = ''");
    await waitFor("the first to be stored after all", async () => (await store.rules.seq()) === 1);
  });

  test.each([
    ["synchronous_commit = off", "synchronous_commit"],
    ["synchronous_commit = local", "synchronous_commit"],
    ["synchronous_commit = remote_write", "synchronous_commit"],
  ])("is refused under %s, also where it was set later", async (line, word) => {
    const store = await open();
    await server().set(line);
    await waitFor("the setting to be refused", async () =>
      store.rules.addRule(ruleOf("bob", RULE), ACTOR).then(
        () => undefined,
        (error: unknown) => String(error).includes(word),
      ),
    );
    expect((await refusalOf(openAgain())).message).toContain(word);
    await server().set("synchronous_commit = on");
  });
});
