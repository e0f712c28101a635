import { describe, expect, jest, test } from "bun:test";
import { startClockWatch } from "../../src/app/clock-watch.ts";
import { createLog } from "../../src/log.ts";

const NOW_MS = 1_800_000_000_000;

/** A watch over a clock that the test sets, and what it did. */
function createWatch() {
  let offset = NOW_MS;
  let monotonic = 0;
  const done: string[] = [];
  const journal = { isWritable: true, errors: 0 };
  const watch = startClockWatch({
    nowMs: () => monotonic + offset,
    monotonicMs: () => monotonic,
    rules: {
      noteKeysChanged: async (what) => {
        if (!journal.isWritable) throw new Error("the disk is full");
        done.push(what);
        return 1;
      },
    },
    syncKeys: async () => {
      done.push("keys");
    },
    log: createLog(
      () => "error",
      () => {
        journal.errors += 1;
      },
    ),
  });
  return {
    watch,
    done,
    journal,
    set: (seconds: number) => {
      offset += seconds * 1000;
    },
    pass: (ms: number) => {
      monotonic += ms;
      jest.advanceTimersByTime(ms);
    },
  };
}

describe("the clock's watch", () => {
  test("does nothing while time only passes", () => {
    jest.useFakeTimers();
    const { watch, done, pass } = createWatch();
    for (let i = 0; i < 100; i++) pass(1000);
    expect(done).toEqual([]);
    watch.stop();
    jest.useRealTimers();
  });

  test.each([3600, -3600])(
    "has the keys read again and everybody forget what he remembers after a step of %p s, once",
    (seconds) => {
      jest.useFakeTimers();
      const { watch, done, set, pass } = createWatch();
      set(seconds);
      pass(1000);
      expect(done).toEqual(["keys", `the clock was set by ${seconds} s`]);
      pass(1000);
      expect(done).toHaveLength(2);
      watch.stop();
      jest.useRealTimers();
    },
  );

  test("tells everybody once the journal can be written, where it could not at the step", async () => {
    jest.useFakeTimers();
    const { watch, done, journal, set, pass } = createWatch();
    journal.isWritable = false;
    set(60);
    for (let second = 0; second < 10; second++) {
      pass(1000);
      await settle();
    }
    expect(done).toEqual(["keys"]);
    expect(journal.errors).toBe(1);
    journal.isWritable = true;
    for (let second = 0; second < 10; second++) {
      pass(1000);
      await settle();
    }
    expect(done).toEqual(["keys", "the clock was set by 60 s"]);
    watch.stop();
    jest.useRealTimers();
  });
});

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
