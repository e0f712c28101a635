import { describe, expect, test } from "bun:test";
import {
  createSharedMemory,
  SharedReader,
  SharedWriter,
} from "../../../src/app/workers/shared-state.ts";

describe("what judging threads let others remember", () => {
  test("is nothing at first", () => {
    expect(new SharedWriter(createSharedMemory(2)).rememberedUntilMs(7)).toBe(0);
  });

  test("holds up a change that came after the judgement", () => {
    const { writer, readers } = share(2);
    readers[1]?.noteRemembered(6, 1234.5);
    expect(writer.rememberedUntilMs(7)).toBe(1235);
  });

  test("does not hold up a change that was known to it", () => {
    const { writer, readers } = share(2);
    readers[1]?.noteRemembered(7, 1234);
    expect(writer.rememberedUntilMs(7)).toBe(0);
  });

  test("is not shortened by a later, shorter one", () => {
    const { writer, readers } = share(1);
    readers[0]?.noteRemembered(6, 2000);
    readers[0]?.noteRemembered(6, 1500);
    expect(writer.rememberedUntilMs(7)).toBe(2000);
  });

  test("of an older sequence is kept when the thread goes on to a newer one", () => {
    const { writer, readers } = share(1);
    readers[0]?.noteRemembered(5, 3000);
    readers[0]?.noteRemembered(6, 1000);
    readers[0]?.noteRemembered(7, 2000);
    expect(writer.rememberedUntilMs(6)).toBe(3000);
    expect(writer.rememberedUntilMs(8)).toBe(3000);
  });

  test("is the latest over all threads", () => {
    const { writer, readers } = share(3);
    for (const [index, reader] of readers.entries()) reader.noteRemembered(1, 100 * (index + 1));
    expect(writer.rememberedUntilMs(2)).toBe(300);
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
