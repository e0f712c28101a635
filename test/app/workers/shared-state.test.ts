import { describe, expect, spyOn, test } from "bun:test";
import * as fc from "fast-check";
import {
  createSharedMemory,
  SharedReader,
  SharedWriter,
} from "../../../src/app/workers/shared-state.ts";

const MEMORY_MS = 4000;
/** More sequences than a thread tells apart, in any order. */
const STEP = fc.record({
  judgedSeq: fc.integer({ min: 0, max: 80 }),
  memoryMs: fc.integer({ min: 1, max: 5000 }),
  passedMs: fc.integer({ min: 0, max: 80 }),
});

describe("what judging threads let others remember", () => {
  test("is nothing at first", () => {
    expect(new SharedWriter(createSharedMemory(2)).rememberedUntilMs(7)).toBe(0);
  });

  test("holds up a change that came after the judgement", () => {
    const { writer, readers } = share(2);
    readers[1]?.noteRemembered(6, 1234.5, 0);
    expect(writer.rememberedUntilMs(7)).toBe(1235);
  });

  test("does not hold up a change that was known to it", () => {
    const { writer, readers } = share(2);
    readers[1]?.noteRemembered(7, 1234, 0);
    expect(writer.rememberedUntilMs(7)).toBe(0);
  });

  test("is not shortened by a later, shorter one", () => {
    const { writer, readers } = share(1);
    readers[0]?.noteRemembered(6, 2000, 0);
    readers[0]?.noteRemembered(6, 1500, 0);
    expect(writer.rememberedUntilMs(7)).toBe(2000);
  });

  test("of an older sequence is kept when the thread goes on to a newer one", () => {
    const { writer, readers } = share(1);
    readers[0]?.noteRemembered(5, 3000, 0);
    readers[0]?.noteRemembered(6, 1000, 0);
    readers[0]?.noteRemembered(7, 2000, 0);
    expect(writer.rememberedUntilMs(6)).toBe(3000);
    expect(writer.rememberedUntilMs(8)).toBe(3000);
  });

  test("counts also where it is noted late, for a sequence long past", () => {
    const { writer, readers } = share(1);
    readers[0]?.noteRemembered(9, 1000, 0);
    readers[0]?.noteRemembered(4, 2000, 0);
    expect([5, 9, 10].map((seq) => writer.rememberedUntilMs(seq))).toEqual([2000, 2000, 2000]);
    expect(writer.rememberedUntilMs(4)).toBe(0);
  });

  test("is the latest over all threads", () => {
    const { writer, readers } = share(3);
    for (const [index, reader] of readers.entries()) reader.noteRemembered(1, 100 * (index + 1), 0);
    expect(writer.rememberedUntilMs(2)).toBe(300);
  });
});

describe("a change's wait for what judging threads let others remember", () => {
  test.each([
    ["few changes", 1000, MEMORY_MS],
    ["a change every 25 ms", 25, 2 * MEMORY_MS],
  ])("ends in a steady stream of requests, with %s", (_, changeMs, longestMs) => {
    const { writer, readers } = share(1);
    const madeAtMs = new Map<number, number>();
    let seq = 0;
    for (let now = 10_000; now < 30_000; now += 25) {
      if (now % changeMs === 0) madeAtMs.set((seq += 1), now);
      for (const reader of readers) reader.noteRemembered(seq, now + MEMORY_MS, now);
      for (const [change, made] of madeAtMs) {
        if (writer.rememberedUntilMs(change) <= now) madeAtMs.delete(change);
        else expect(now - made, `the wait for change ${change}`).toBeLessThanOrEqual(longestMs);
      }
    }
    expect(seq).toBeGreaterThan(10);
    expect(madeAtMs.size).toBeLessThan(seq / 2);
  });

  test("is never shorter than what is remembered, at none of the writes", () => {
    const spied = spyOn(Atomics, "store");
    try {
      fc.assert(
        fc.property(fc.array(STEP, { minLength: 50, maxLength: 120 }), (steps) => {
          const { writer, readers } = share(1);
          const noted: { judgedSeq: number; untilMs: number }[] = [];
          let now = 0;
          const expectAllCounted = () => {
            for (const { judgedSeq, untilMs } of noted)
              if (untilMs > now)
                expect(writer.rememberedUntilMs(judgedSeq + 1)).toBeGreaterThanOrEqual(untilMs);
          };
          spied.mockImplementation(((words: BigInt64Array, at: number, value: bigint) => {
            words[at] = value;
            expectAllCounted();
            return value;
          }) as typeof Atomics.store);
          for (const { judgedSeq, memoryMs, passedMs } of steps) {
            now += passedMs;
            readers[0]?.noteRemembered(judgedSeq, now + memoryMs, now);
            noted.push({ judgedSeq, untilMs: now + memoryMs });
            expectAllCounted();
          }
        }),
        { numRuns: 40, endOnFailure: true },
      );
    } finally {
      spied.mockRestore();
    }
  });
});

describe("the shared sequence and version", () => {
  test("are read as they were written", () => {
    const { writer, readers } = share(2);
    writer.setSeq(42);
    writer.setVersion(3);
    for (const reader of readers) expect([reader.seq(), reader.version()]).toEqual([42, 3]);
  });
});

function share(threads: number) {
  const memory = createSharedMemory(threads);
  const readers = Array.from({ length: threads }, (_, thread) => new SharedReader(memory, thread));
  return { writer: new SharedWriter(memory), readers };
}
