/** What a confirmation waits for, as the server wires it. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createEnforcement, type Enforcement } from "../../src/app/enforcement.ts";
import {
  createSharedMemory,
  SharedReader,
  SharedWriter,
} from "../../src/app/workers/shared-state.ts";
import { LEASE_MS } from "../../src/core/feed/lease.ts";
import { createMetrics } from "../../src/metrics.ts";
import { openStore, type Store } from "../../src/sqlite/open-store.ts";
import { emptySources } from "../helpers/metric-sources.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";
import { ACTOR, nowMs, ruleOf } from "../sqlite/store-fixture.ts";

let stack: AsyncDisposableStack;
let now: number;
let store: Store;
let threads: { readonly writer: SharedWriter; readonly reader: SharedReader };
let enforcement: Enforcement;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  now = 1_000_000;
  const folder = join(createTempFolder(stack), "data");
  mkdirSync(folder, { mode: 0o700 });
  store = await openStore(folder, { nowMs });
  stack.defer(() => store.close());
  const memory = createSharedMemory(1);
  const writer = new SharedWriter(memory);
  threads = { writer, reader: new SharedReader(memory, 0) };
  enforcement = await start();
  // Whoever verified before is past.
  now += 60_000;
});
afterEach(() => stack.disposeAsync());

/** Begins a life of the server on the same store. */
async function start(): Promise<Enforcement> {
  const { writer } = threads;
  const begun = await createEnforcement({
    store,
    raise: (name, atLeast) => store.accounts.raiseSetting(name, atLeast),
    cluster: undefined,
    metrics: createMetrics(emptySources()),
    onRemembered: () => undefined,
    isVerifier: () => false,
    keysFingerprint: () => "",
    pool: () => ({
      changed: (seq) => writer.setSeq(seq),
      rememberedUntilMs: (seq) => writer.rememberedUntilMs(seq),
    }),
    monotonicMs: () => now,
    nowMs,
  });
  stack.defer(() => begun.stop());
  return begun;
}

async function restart(): Promise<void> {
  enforcement.stop();
  enforcement = await start();
}

const block = async () =>
  (await store.rules.addRule(ruleOf("bob", '{"iat":{"lte":10}}'), ACTOR)).seq;
const at = (seq: number) => ({ seq, epoch: store.index.epoch });
const FORMER = { applied: false, verifiers: [{ id: "former", state: "pending" }] };
const UNLEASED = { applied: false, verifiers: [{ id: "unleased", state: "pending" }] };

describe("a change", () => {
  test("is known to the judging threads before it is answered", async () => {
    const seq = await block();
    expect(threads.reader.seq()).toBe(seq);
  });

  test("is confirmed once what a judging thread let be remembered before it is over", async () => {
    const before = await block();
    threads.reader.noteRemembered(before, now + 4000, now);
    const seq = await block();
    expect(await enforcement.registry.waitApplied(seq, 0)).toMatchObject(UNLEASED);
    expect(await enforcement.registry.waitApplied(before, 0)).toMatchObject({ applied: true });
    now += 4000;
    expect(await enforcement.registry.waitApplied(seq, 0)).toMatchObject({ applied: true });
  });

  test("is confirmed once what the main thread let be remembered before it is over", async () => {
    const before = await block();
    await enforcement.noteMemory(3, at(before));
    const seq = await block();
    expect(await enforcement.registry.waitApplied(seq, 0)).toMatchObject(UNLEASED);
    now += 4100;
    expect(await enforcement.registry.waitApplied(seq, 0)).toMatchObject({ applied: true });
  });

  test("is waited for too by a memory that had to be put on record first", async () => {
    const before = await block();
    const noted = enforcement.noteMemory(300, at(before));
    expect(noted).toBeInstanceOf(Promise);
    await noted;
    expect(enforcement.noteMemory(300, at(before))).toBe(undefined);
    const seq = await block();
    now += 299_000;
    expect(await enforcement.registry.waitApplied(seq, 0)).toMatchObject(UNLEASED);
    now += 3000;
    expect(await enforcement.registry.waitApplied(seq, 0)).toMatchObject({ applied: true });
  });

  test("waits for a memory of a former history, however great its number", async () => {
    const before = await block();
    await enforcement.noteMemory(3, at(before + 100));
    const seq = await block();
    expect(await enforcement.registry.waitApplied(seq, 0)).toMatchObject({ applied: true });
    await enforcement.noteMemory(3, { seq: before + 100, epoch: "former" });
    expect(await enforcement.registry.waitApplied(seq, 0)).toMatchObject(UNLEASED);
    expect(enforcement.registry.confirmedSeq(seq)).toBe(-1);
    now += 4100;
    expect(await enforcement.registry.waitApplied(seq, 0)).toMatchObject({ applied: true });
  });
});

describe("after a start, a change is confirmed once", () => {
  const APPLIED = { applied: true, verifiers: [] };
  const expectQuietFor = async (former: number) => {
    const seq = await block();
    now += former;
    expect(await enforcement.registry.waitApplied(seq, 0)).toMatchObject(FORMER);
    expect(enforcement.registry.confirmedSeq(seq)).toBe(-1);
    // A second and a thousandth, as for anybody who is silent.
    now += 1001 + former / 1000;
    expect(await enforcement.registry.waitApplied(seq, 0)).toEqual(APPLIED);
    expect(enforcement.registry.confirmedSeq(seq)).toBe(seq);
  };

  test("a lease of the former life is over", async () => {
    await restart();
    await expectQuietFor(LEASE_MS);
  });

  test("the longest trust that was ever granted is over, two lives ago too", async () => {
    await enforcement.noteMemory(300, at(await block()));
    await restart();
    now += 400_000;
    await enforcement.noteMemory(10, at(await block()));
    await restart();
    await expectQuietFor(300_000);
  });
});
