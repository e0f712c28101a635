import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KeySourceSpec, KeySourceState } from "../../src/jwks/key-source.ts";
import { KeySyncer } from "../../src/jwks/key-syncer.ts";
import { createLastGoodStore } from "../../src/jwks/last-good.ts";
import { type KeyAnswer, startKeySource, toAnswer } from "../helpers/key-source.ts";
import { createSigningKey } from "../helpers/signing-keys.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";
import { waitFor } from "../helpers/wait-for.ts";

const NOW = 1_700_000_000;
const MAX_AGE = 3600;
const first = createSigningKey("ES256", "first");
const second = createSigningKey("ES256", "second");
const FIRST = { keys: [first.jwk] };
const BOTH = { keys: [first.jwk, second.jwk] };

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());
const server = await startKeySource(stack);
let folder = "";
let now = NOW;
let monotonicMs = 0;

beforeEach(() => {
  folder = createTempFolder(stack);
  now = NOW;
  monotonicMs = 50_000;
  server.fetches.length = 0;
  server.answer(toAnswer(FIRST));
});

function pass(seconds: number): void {
  now += seconds;
  monotonicMs += seconds * 1000;
}

function createSyncer(
  options: {
    readonly sources?: readonly KeySourceSpec[];
    readonly interval?: number;
    readonly maxAge?: number;
  } = {},
) {
  const { interval = 300, maxAge = MAX_AGE } = options;
  const tooOld: string[] = [];
  const synced: [KeySourceState, boolean][] = [];
  const syncer = new KeySyncer(
    {
      sources: options.sources ?? [{ kind: "url", url: server.url(), issuer: undefined }],
      allowShortSecrets: false,
      timeoutMs: 2000,
      maxBytes: 64 * 1024,
      lastGood: createLastGoodStore(join(folder, "keys")),
      nowSeconds: () => now,
      times: () => ({ intervalSeconds: interval, maxAgeSeconds: maxAge }),
      random: () => 0,
      onSync: (state, isChanged) => synced.push([state, isChanged]),
      onTooOld: ({ name }) => tooOld.push(name),
    },
    () => monotonicMs,
  );
  stack.defer(() => syncer.stop());
  const kids = () => syncer.ring().keys.map(({ kid }) => kid);
  return { syncer, synced, tooOld, kids };
}

function slow(body: unknown, delayMs = 40): KeyAnswer {
  return { ...toAnswer(body), delayMs } as KeyAnswer;
}

describe("KeySyncer", () => {
  test("has an empty ring before anything was read", () => {
    expect(createSyncer().kids()).toEqual([]);
  });

  test("joins all sources, in their order, and tells of each", async () => {
    const path = join(folder, "file.json");
    writeFileSync(path, JSON.stringify([createSigningKey("RS256", "of-file").entry]));
    server.answer(toAnswer({ keys: [second.jwk] }), "/b");
    const { syncer, synced, kids } = createSyncer({
      sources: [
        { kind: "url", url: server.url(), issuer: undefined },
        { kind: "file", path, issuer: undefined },
        { kind: "url", url: server.url("/b"), issuer: "https://b" },
      ],
    });
    await syncer.start();
    await syncer.syncNow();
    expect(kids()).toEqual(["first", "of-file", "second"]);
    expect(syncer.ring().keys.map(({ issuer }) => issuer)).toEqual([
      undefined,
      undefined,
      "https://b",
    ]);
    expect(new Set(synced.map(([{ name }]) => name)).size).toBe(3);
    expect(syncer.ring()).toBe(syncer.ring());
  });

  test("has the files read when it has started, and does not wait for an issuer", async () => {
    const path = join(folder, "file.json");
    writeFileSync(path, JSON.stringify([second.entry]));
    server.answer({ kind: "silence" });
    const { syncer, kids } = createSyncer({
      sources: [
        { kind: "url", url: server.url(), issuer: undefined },
        { kind: "file", path, issuer: undefined },
      ],
    });
    await syncer.start();
    expect(kids()).toEqual(["second"]);
  });

  test("reads again by itself within the interval, sooner after a failure", async () => {
    const { syncer, synced } = createSyncer({ interval: 1 });
    await syncer.start();
    await waitFor("a second reading", () => synced.length >= 2, 3000);
    const { syncer: failing } = createSyncer({
      sources: [{ kind: "url", url: server.url("/none"), issuer: undefined }],
    });
    await failing.syncNow();
    expect(failing.states()).toMatchObject([{ failures: 1, nextInMs: 1000 }]);
    await failing.syncNow();
    expect(failing.states()).toMatchObject([{ failures: 2, nextInMs: 2000 }]);
  });

  test("reads well before the maximum age where that is shorter than the interval", async () => {
    const { syncer, synced } = createSyncer({ maxAge: 2 });
    await syncer.syncNow();
    expect(syncer.states()).toMatchObject([{ failures: 0, nextInMs: 1000 }]);
    await waitFor("a second reading", () => synced.length >= 2, 3000);
  });

  test("reads nothing any more once it was stopped", async () => {
    const { syncer, synced } = createSyncer({ interval: 1 });
    await syncer.start();
    const flight = syncer.syncNow();
    syncer.stop();
    await flight;
    const count = synced.length;
    await syncer.syncNow();
    expect(synced.length).toBe(count + 1);
    expect(syncer.states()[0]?.nextInMs).toBeLessThanOrEqual(1000);
  });
});

describe("the maximum age", () => {
  test("ends the last good set of a source that is away, to the second", async () => {
    const { syncer, kids } = createSyncer();
    await syncer.syncNow();
    server.answer(toAnswer("no", { status: "503 Away" }));
    pass(MAX_AGE - 1);
    await syncer.syncNow();
    expect(kids()).toEqual(["first"]);
    pass(1);
    expect(kids()).toEqual([]);
    server.answer(toAnswer(FIRST));
    await syncer.syncNow();
    expect(kids()).toEqual(["first"]);
  });

  test("counts over a restart", async () => {
    const before = createSyncer();
    await before.syncer.syncNow();
    before.syncer.stop();
    server.answer({ kind: "silence" });
    pass(MAX_AGE - 10);
    // Another process: its monotonic clock begins anew.
    monotonicMs = 5;
    const { syncer, kids } = createSyncer();
    await syncer.start();
    expect(kids()).toEqual(["first"]);
    pass(9);
    expect(kids()).toEqual(["first"]);
    pass(1);
    expect(kids()).toEqual([]);
  });

  test.each([
    ["an hour", 3600],
    ["ten years", 315_360_000],
  ])("is not put off by a clock set back by %s", async (_, seconds) => {
    const { syncer, kids } = createSyncer();
    await syncer.syncNow();
    now -= seconds;
    expect(kids()).toEqual(["first"]);
    pass(MAX_AGE - 1);
    expect(kids()).toEqual(["first"]);
    pass(1);
    expect(kids()).toEqual([]);
  });

  test("counts the wall clock too, which goes on while a machine sleeps", async () => {
    const { syncer, kids } = createSyncer();
    await syncer.syncNow();
    now += MAX_AGE;
    expect(kids()).toEqual([]);
  });

  test("is told at its moment, of the source that is away and of no other", async () => {
    const path = join(folder, "file.json");
    writeFileSync(path, JSON.stringify([second.entry]));
    const { syncer, tooOld, kids } = createSyncer({
      maxAge: 2,
      sources: [
        { kind: "url", url: server.url(), issuer: undefined },
        { kind: "file", path, issuer: undefined },
      ],
    });
    await syncer.syncNow();
    server.answer({ kind: "silence" });
    await waitFor("the source to be asked again", () => server.fetches.length >= 2, 3000);
    pass(1);
    await waitFor("the file to be read at that time", () =>
      syncer
        .states()
        .some(({ kind, fetchedAtSeconds }) => kind === "file" && fetchedAtSeconds === now),
    );
    pass(1);
    // Nothing is read that could tell: the source is still silent.
    await waitFor("it to be told", () => tooOld.length > 0, 4000);
    expect([tooOld, kids()]).toEqual([[server.url()], ["second"]]);
  });

  test("ends one source's keys and not another's", async () => {
    const path = join(folder, "file.json");
    writeFileSync(path, JSON.stringify([second.entry]));
    const { syncer, kids } = createSyncer({
      sources: [
        { kind: "url", url: server.url(), issuer: undefined },
        { kind: "file", path, issuer: undefined },
      ],
    });
    await syncer.syncNow();
    server.answer(toAnswer("no", { status: "503 Away" }));
    pass(MAX_AGE);
    await syncer.syncNow();
    expect(kids()).toEqual(["second"]);
  });
});

describe("refreshForUnknownKey", () => {
  test("finds a key that was added since, and asks once in 30 s", async () => {
    const { syncer, kids } = createSyncer();
    await syncer.syncNow();
    server.answer(toAnswer(BOTH));
    expect(await syncer.refreshForUnknownKey(5000)).toBe(true);
    expect(kids()).toEqual(["first", "second"]);
    server.fetches.length = 0;
    pass(29.9);
    for (let turn = 0; turn < 50; turn += 1) {
      expect(await syncer.refreshForUnknownKey(5000)).toBe(false);
    }
    expect(server.fetches).toEqual([]);
    pass(0.1);
    expect(await syncer.refreshForUnknownKey(5000)).toBe(false);
    expect(server.fetches).toHaveLength(1);
  });

  test("makes one flight of many tokens, and all of them see its keys", async () => {
    const { syncer } = createSyncer();
    await syncer.syncNow();
    server.fetches.length = 0;
    server.answer(slow(BOTH));
    const asked = Array.from({ length: 20 }, () => syncer.refreshForUnknownKey(5000));
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 20 }, () => true));
    expect(server.fetches).toHaveLength(1);
  });

  test("waits no longer than it may, and the keys come all the same", async () => {
    const { syncer, kids } = createSyncer();
    await syncer.syncNow();
    server.answer(slow(BOTH, 150));
    expect(await syncer.refreshForUnknownKey(10)).toBe(false);
    await waitFor("the new key", () => kids().includes("second"));
  });

  test("asks no source twice in 30 s that fails", async () => {
    const { syncer, kids } = createSyncer();
    await syncer.syncNow();
    server.fetches.length = 0;
    server.answer(toAnswer("no", { status: "500 Oh" }));
    for (let turn = 0; turn < 10; turn += 1) {
      expect(await syncer.refreshForUnknownKey(5000)).toBe(false);
    }
    expect(server.fetches).toHaveLength(1);
    expect(kids()).toEqual(["first"]);
  });

  test("is not put off by a clock set back", async () => {
    const { syncer } = createSyncer();
    await syncer.refreshForUnknownKey(5000);
    server.fetches.length = 0;
    now -= 1_000_000;
    monotonicMs += 30_000;
    await syncer.refreshForUnknownKey(5000);
    expect(server.fetches).toHaveLength(1);
  });
});
