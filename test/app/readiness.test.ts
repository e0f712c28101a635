import { beforeEach, describe, expect, jest, test } from "bun:test";
import { createHealth } from "../../src/app/readiness.ts";
import { KeyRing } from "../../src/core/jwks/key-ring.ts";
import type { HealthCheck } from "../../src/http/health.ts";
import type { KeySyncer } from "../../src/jwks/key-syncer.ts";
import { within } from "../helpers/wait-for.ts";

let nowMs = 0;
let probes = 0;
let outcome: () => Promise<void>;

beforeEach(() => {
  nowMs = 50_000;
  probes = 0;
  outcome = () => Promise.resolve();
});

const works = () => Promise.resolve();
const fails = () => Promise.reject(new Error("disk full"));
const hangs = () => new Promise<void>(() => undefined);

function create() {
  return createHealth({
    syncer: () => ({ ring: () => new KeyRing([]), states: () => [] }) as unknown as KeySyncer,
    decryptionKeyCount: () => 1,
    ruleProblems: () => [],
    probeStore: () => {
      probes += 1;
      return outcome();
    },
    monotonicMs: () => nowMs,
  });
}

function storeOf(checks: readonly HealthCheck[]): string {
  return checks.find(({ name }) => name === "store")?.problem ?? "ok";
}

const BROKEN = "the store cannot be written";

describe("ready", () => {
  test("knows at the first question that the store cannot be written, and that it can again", async () => {
    const health = create();
    expect(storeOf(await health.ready())).toBe("ok");
    outcome = fails;
    nowMs += 2000;
    expect(storeOf(await health.ready())).toBe(BROKEN);
    outcome = works;
    nowMs += 2000;
    expect(storeOf(await health.ready())).toBe("ok");
  });

  test("probes once in two seconds, whoever asks", async () => {
    const health = create();
    const ask = () => Promise.all(Array.from({ length: 50 }, () => health.ready()));
    await ask();
    nowMs += 1999;
    await ask();
    expect(probes).toBe(1);
    nowMs += 1;
    await ask();
    expect(probes).toBe(2);
  });

  test("tells all who ask during a probe what comes of it", async () => {
    const health = create();
    const { promise, reject } = Promise.withResolvers<void>();
    outcome = () => promise;
    const asked = Array.from({ length: 50 }, () => health.ready());
    reject(new Error("disk full"));
    expect(new Set((await Promise.all(asked)).map(storeOf))).toEqual(new Set([BROKEN]));
    expect(probes).toBe(1);
  });

  test.each([
    ["that it was well", works, "ok"],
    ["that it was not", fails, BROKEN],
  ])(
    "waits half a second for a store that hangs, and then goes by what was known: %s",
    async (...row) => {
      const [, before, known] = row;
      outcome = before;
      const health = create();
      await health.ready();
      outcome = hangs;
      nowMs += 2000;
      jest.useFakeTimers();
      try {
        let isAnswered = false;
        const asked = health.ready().finally(() => (isAnswered = true));
        jest.advanceTimersByTime(499);
        await Promise.resolve();
        expect(isAnswered).toBe(false);
        jest.advanceTimersByTime(1);
        expect(storeOf(await asked)).toBe(known);
      } finally {
        jest.useRealTimers();
      }
      // Nobody waits for that probe again, and no other one is begun.
      nowMs += 1999;
      expect(storeOf(await within("an answer", health.ready(), 100))).toBe(known);
      nowMs += 1;
      expect(storeOf(await within("an answer", health.ready(), 100))).toBe(
        "the store does not answer",
      );
      expect(probes).toBe(2);
    },
  );

  test("is well again when a store that hung has answered", async () => {
    const health = create();
    const { promise, resolve } = Promise.withResolvers<void>();
    outcome = () => promise;
    health.known();
    nowMs += 2000;
    expect(storeOf(health.known())).toBe("the store does not answer");
    resolve();
    expect(storeOf(await health.ready())).toBe("ok");
  });
});

describe("known", () => {
  test("waits for nothing, and has it looked at for the next who asks", async () => {
    outcome = fails;
    const health = create();
    expect([storeOf(health.known()), probes]).toEqual(["ok", 1]);
    expect(storeOf(await health.ready())).toBe(BROKEN);
    expect([storeOf(health.known()), probes]).toEqual([BROKEN, 1]);
  });
});
