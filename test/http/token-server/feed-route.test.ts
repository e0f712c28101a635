import { describe, expect, test } from "bun:test";
import { ChangeLog } from "../../../src/core/feed/change-log.ts";
import { fencedAtMs, HOLD_MS, LEASE_MS } from "../../../src/core/feed/lease.ts";
import { subjectTag } from "../../../src/core/feed/subject-tag.ts";
import { VerifierRegistry } from "../../../src/core/feed/verifier-registry.ts";
import { Feed, FEED_TYPE } from "../../../src/http/token-server/feed-route.ts";
import type { PollTotals } from "../../../src/http/token-server/poll.ts";
import { createIsVerifier } from "../../../src/http/verifier-key.ts";

const KEY = "0123456789abcdef";
const ID = "thread-1";

function setUp() {
  const state = {
    now: 1000,
    epoch: "e1",
    keys: "k1",
    lease: LEASE_MS,
    counted: [] as PollTotals[],
  };
  const registry = new VerifierRegistry({
    monotonicMs: () => state.now,
    nowMs: () => state.now,
    quietUntilMs: 0,
    after: () => () => undefined,
  });
  const changes = new ChangeLog(10);
  const feed = new Feed({
    isVerifier: createIsVerifier([KEY]),
    registry,
    changes,
    epoch: () => state.epoch,
    keysFingerprint: () => state.keys,
    leaseMs: () => state.lease,
    monotonicMs: () => state.now,
    onReport: (_, counters) => state.counted.push(counters),
  });
  const change = (subject: string | undefined) => {
    changes.append([{ seq: changes.seq + 1, subject }]);
    feed.wake();
  };
  return { state, registry, changes, feed, change };
}

function poll(headers: Record<string, string> = {}, signal?: AbortSignal): Request {
  const all = {
    authorization: `Bearer ${KEY}`,
    "x-jwt-verifier": ID,
    "x-jwt-epoch": "e1",
    "x-jwt-seq": "10",
    ...headers,
  };
  const given = Object.entries(all).filter(([, value]) => value !== "-");
  return new Request("http://localhost/feed", {
    headers: given,
    ...(signal === undefined ? {} : { signal }),
  });
}

async function read(response: Response | Promise<Response>): Promise<Record<string, unknown>> {
  const settled = await response;
  expect(settled.status).toBe(200);
  expect(settled.headers.get("content-type")).toBe(FEED_TYPE);
  return (await settled.json()) as Record<string, unknown>;
}

/** The answer of a poll that is held after the one that told the keys. */
async function settleIn(feed: Feed): Promise<void> {
  await feed.poll(poll());
}

describe("GET /feed", () => {
  test.each([
    ["no key", { authorization: "-" }, 401],
    ["another key", { authorization: `Bearer ${KEY}x` }, 401],
    ["the key alone", { authorization: KEY }, 401],
    ["an empty name", { "x-jwt-verifier": "" }, 422],
    ["a short name", { "x-jwt-verifier": "short" }, 422],
    ["a long name", { "x-jwt-verifier": "x".repeat(129) }, 422],
    ["a name with a space", { "x-jwt-verifier": "thread 1 x" }, 422],
    ["a mode nobody knows", { "x-jwt-mode": "always" }, 422],
    ["best effort without a time", { "x-jwt-mode": "best-effort" }, 422],
    ["best effort for a negative time", { "x-jwt-mode": "best-effort:-1" }, 422],
    ["best effort for more than a day", { "x-jwt-mode": "best-effort:86401" }, 422],
  ])("refuses a poll with %s, and takes no note of it", async (_, headers, status) => {
    const { feed, registry, state } = setUp();
    const response = await feed.poll(poll(headers));
    expect(response.status).toBe(status);
    expect(registry.verifiers()).toEqual([]);
    expect(state.counted).toEqual([]);
  });

  test("shows one without a name where the store is, grants nothing and waits for nobody", async () => {
    const { feed, registry, state } = setUp();
    const shown = await read(feed.poll(poll({ "x-jwt-verifier": "-" })));
    expect(shown).toEqual({ epoch: "e1", seq: 10, lease: 0, keys: "k1" });
    expect(registry.verifiers()).toEqual([]);
    expect(state.counted).toEqual([]);
    const refused = await feed.poll(poll({ "x-jwt-verifier": "-", authorization: "-" }));
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toBe('Bearer realm="haproxy-jwt"');
  });

  test("tells one whose poll it held to forget all, when another history has begun meanwhile", async () => {
    const { state, feed, changes } = setUp();
    await settleIn(feed);
    const held = feed.poll(poll());
    // Its number fits the new history by chance; what it has applied does not.
    state.epoch = "e2";
    changes.restart(10);
    feed.wake();
    expect(await read(held)).toMatchObject({ epoch: "e2", seq: 10, reset: true });
  });

  test("answers a newcomer at once: forget all, here is where we are", async () => {
    const { feed, registry } = setUp();
    expect(await read(feed.poll(poll({ "x-jwt-epoch": "-", "x-jwt-seq": "-" })))).toEqual({
      epoch: "e1",
      seq: 10,
      lease: LEASE_MS / 1000,
      hold: HOLD_MS / 1000,
      reset: true,
      keys: "k1",
    });
    expect(registry.verifiers()).toMatchObject([{ id: ID, seq: -1, isLive: true }]);
  });

  test.each([
    ["of another epoch", { "x-jwt-epoch": "e0" }],
    ["of before the log", { "x-jwt-seq": "3" }],
    ["from the future", { "x-jwt-seq": "11" }],
    ["far from the future", { "x-jwt-seq": "999999999999999" }],
    ["that is none", { "x-jwt-seq": "1e1" }],
    ["below zero", { "x-jwt-seq": "-1" }],
  ])("starts over with a sequence %s, and does not take it for applied", async (_, headers) => {
    const { feed, registry } = setUp();
    expect(await read(feed.poll(poll(headers)))).toMatchObject({ seq: 10, reset: true });
    const [known] = registry.verifiers();
    expect(known?.seq).toBeLessThanOrEqual(10);
    expect(await registry.waitApplied(11, 0)).toMatchObject({ applied: false });
  });

  test("holds one who is up to date, and answers as soon as something changes", async () => {
    const { feed, change, registry } = setUp();
    await settleIn(feed);
    const held = feed.poll(poll());
    expect(held).toBeInstanceOf(Promise);
    change("bob");
    expect(await read(held)).toMatchObject({ seq: 11, tags: [subjectTag("e1", "bob")] });
    change("amy");
    change("bob");
    const late = await read(feed.poll(poll({ "x-jwt-seq": "11" })));
    expect(late).toMatchObject({
      seq: 13,
      tags: [subjectTag("e1", "amy"), subjectTag("e1", "bob")],
    });
    expect(JSON.stringify(late)).not.toMatch(/amy|bob/);
    change(undefined);
    expect(await read(feed.poll(poll({ "x-jwt-seq": "13" })))).toMatchObject({ reset: true });
    expect(registry.verifiers()).toMatchObject([{ seq: 13 }]);
  });

  test("answers one who was held with nothing, once its time is up", async () => {
    const { feed } = setUp();
    await settleIn(feed);
    const started = performance.now();
    const answer = await read(feed.poll(poll()));
    expect(answer).toMatchObject({ seq: 10, lease: LEASE_MS / 1000, keys: "k1" });
    expect(answer).not.toHaveProperty("tags");
    expect(answer).not.toHaveProperty("reset");
    expect(performance.now() - started).toBeGreaterThanOrEqual(HOLD_MS - 50);
  });

  test("tells of other keys at once, each verifier for itself", async () => {
    const { feed, state } = setUp();
    await settleIn(feed);
    state.keys = "k2";
    expect(await read(feed.poll(poll()))).toMatchObject({ keys: "k2" });
    const held = feed.poll(poll());
    expect(held).toBeInstanceOf(Promise);
    state.keys = "k3";
    feed.wake();
    expect(await read(held)).toMatchObject({ keys: "k3" });
  });

  test("counts a lease from when the poll came, not from when it was answered", async () => {
    const { feed, state, registry, change } = setUp();
    await settleIn(feed);
    state.now = 5000;
    const held = feed.poll(poll({ "x-jwt-mode": "best-effort:60" }));
    state.now = 6400;
    change("bob");
    await read(held);
    const fenced = fencedAtMs(5000, LEASE_MS, 60);
    state.now = Math.ceil(fenced) - 1;
    expect(await registry.waitApplied(11, 0)).toMatchObject({
      applied: false,
      verifiers: [{ state: "unconfirmed" }],
    });
    state.now = Math.ceil(fenced);
    expect(await registry.waitApplied(11, 0)).toMatchObject({ applied: true });
  });

  test("does not count a poll as answered whose sender is gone", async () => {
    const { feed, state, registry, change } = setUp();
    await settleIn(feed);
    state.now = 5000;
    const gone = new AbortController();
    const held = feed.poll(poll({}, gone.signal));
    gone.abort();
    expect((await held).status).toBe(503);
    change("bob");
    state.now = Math.ceil(fencedAtMs(1000, LEASE_MS, 0));
    expect(await registry.waitApplied(11, 0)).toMatchObject({ applied: true });
  });

  test("holds the newest poll of a verifier alone", async () => {
    const { feed, change } = setUp();
    await settleIn(feed);
    const older = feed.poll(poll());
    const newer = feed.poll(poll());
    expect((await older).status).toBe(503);
    change("bob");
    expect(await read(newer)).toMatchObject({ seq: 11 });
  });

  test("grants nothing while no lease can be granted, and says so at once", async () => {
    const { feed, state, registry } = setUp();
    state.lease = 0;
    expect((await feed.poll(poll())).status).toBe(503);
    expect(await registry.waitApplied(99, 0)).toMatchObject({ applied: true });
    state.lease = LEASE_MS;
    expect((await feed.poll(poll())).status).toBe(200);
  });

  test("takes no note of newcomers while it grants nothing, and has room for them afterwards", async () => {
    const { feed, state, registry } = setUp();
    state.lease = 0;
    const pollAs = async (id: string) => (await feed.poll(poll({ "x-jwt-verifier": id }))).status;
    // More than are watched: each HAProxy comes under another name after each refusal.
    const statuses = Array.from({ length: 20_001 }, (_, turn) => pollAs(`newcomer-${turn}`));
    expect(new Set(await Promise.all(statuses))).toEqual(new Set([503]));
    expect(registry.verifiers()).toEqual([]);
    expect(state.counted).toEqual([]);
    state.lease = LEASE_MS;
    expect(await pollAs("newcomer-again")).toBe(200);
    expect(registry.verifiers()).toMatchObject([{ id: "newcomer-again", isLive: true }]);
  });

  test("hears what one that it has granted a lease has applied, also while it grants none", async () => {
    const { feed, state, registry, change } = setUp();
    await settleIn(feed);
    change("bob");
    await feed.poll(poll());
    state.lease = 0;
    expect(await registry.waitApplied(11, 0)).toMatchObject({ applied: false });
    expect((await feed.poll(poll({ "x-jwt-seq": "11" }))).status).toBe(503);
    expect(await registry.waitApplied(11, 0)).toMatchObject({ applied: true });
  });

  test("takes a lease back that could be granted when the poll came, not any more", async () => {
    const { feed, state, registry } = setUp();
    await settleIn(feed);
    state.now = 5000;
    const held = feed.poll(poll());
    state.lease = 0;
    feed.wake();
    expect((await held).status).toBe(503);
    state.now = Math.ceil(fencedAtMs(1000, LEASE_MS, 0));
    expect(await registry.waitApplied(11, 0)).toMatchObject({ applied: true });
  });

  test("grants none to one who does not do what it is told", async () => {
    const { feed, change } = setUp();
    await settleIn(feed);
    change("bob");
    const status = async () => (await feed.poll(poll({ "x-jwt-seq": "10" }))).status;
    const statuses: number[] = [];
    for (let turn = 0; turn < 9; turn += 1) statuses.push(await status());
    expect(statuses.slice(0, 5)).toEqual([200, 200, 200, 200, 200]);
    expect(statuses.slice(-2)).toEqual([503, 503]);
    expect((await feed.poll(poll({ "x-jwt-seq": "11" }))).status).toBe(200);
  });

  test("answers all it holds when it closes, and holds none any more", async () => {
    const { feed } = setUp();
    await settleIn(feed);
    const held = feed.poll(poll());
    feed.close();
    expect((await held).status).toBe(200);
    expect(feed.poll(poll())).not.toBeInstanceOf(Promise);
  });

  test("counts what a verifier did since its last poll, and never backwards", async () => {
    const { feed, state } = setUp();
    const stats = (text: string) => feed.poll(poll({ "x-jwt-seq": "-", "x-jwt-stats": text }));
    await stats("hits=5,asked=2,stale=1,entries=7");
    await stats("hits=9,asked=2,stale=1");
    await stats("hits=1,asked=nonsense,__proto__=5,hits=");
    expect(state.counted).toEqual([
      { hits: 5, misses: 2, staleHits: 1 },
      { hits: 4, misses: 0, staleHits: 0 },
      { hits: 0, misses: 0, staleHits: 0 },
    ]);
  });

  test("counts nothing of what a verifier did before this server began", async () => {
    const { feed, state } = setUp();
    const stats = (text: string) => feed.poll(poll({ "x-jwt-seq": "10", "x-jwt-stats": text }));
    await stats("hits=5000000,asked=2,stale=1");
    // Held, because nothing has changed; counted all the same.
    void stats("hits=5000004,asked=3,stale=1");
    expect(state.counted).toEqual([
      { hits: 0, misses: 0, staleHits: 0 },
      { hits: 4, misses: 1, staleHits: 0 },
    ]);
    feed.close();
  });

  test("shows of a verifier's names only what may stand in a log", async () => {
    const { feed, registry } = setUp();
    await feed.poll(
      poll({ "x-jwt-verifier-name": "edge<1>\u00e9\t1", "user-agent": "x".repeat(99) }),
    );
    const [known] = registry.verifiers();
    expect(known?.name).toMatch(/^edge_1_+1$/);
    expect(known?.version).toHaveLength(64);
  });
});

describe("subjectTag", () => {
  test("is the same for a subject in an epoch, and another in another", () => {
    expect(subjectTag("e1", "bob")).toBe(subjectTag("e1", "bob"));
    const all = [subjectTag("e1", "bob"), subjectTag("e2", "bob"), subjectTag("e1", "Bob")];
    expect(new Set([...all, subjectTag("e1", ""), subjectTag("e1", "böb")]).size).toBe(5);
    for (const tag of all) expect(tag).toMatch(/^[\w-]{16}$/);
  });
});
