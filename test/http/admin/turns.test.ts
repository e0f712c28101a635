/** Turns at heavy work: few at once, in order, and not for everybody. */
import { describe, expect, test } from "bun:test";
import { createTurns } from "../../../src/http/admin/turns.ts";

/** A piece of work that ends when told to. */
function createWork(name: string, begun: string[]) {
  const end = Promise.withResolvers<string>();
  return {
    end: () => end.resolve(name),
    fail: () => end.reject(new TypeError(name)),
    work: () => {
      begun.push(name);
      return end.promise;
    },
  };
}

describe("turns", () => {
  test("are taken one after the other, in the order they were asked for", async () => {
    const begun: string[] = [];
    const takeTurn = createTurns({ atOnce: 1, maxWaiting: 2 });
    const [a, b, c] = ["a", "b", "c"].map((name) => createWork(name, begun));
    if (a === undefined || b === undefined || c === undefined) throw new TypeError("three");
    const [first, second, third] = [a, b, c].map(({ work }) => takeTurn(work));
    expect(begun).toEqual(["a"]);
    a.end();
    expect(await first).toBe("a");
    expect(begun).toEqual(["a", "b"]);
    b.fail();
    expect(await second?.catch(String)).toBe("TypeError: b");
    c.end();
    expect(await third).toBe("c");
  });

  test("are refused where too many wait, and given again once one has ended", async () => {
    const takeTurn = createTurns({ atOnce: 1, maxWaiting: 1 });
    const running = createWork("running", []);
    const first = takeTurn(running.work);
    const waiting = takeTurn(async () => "waiting");
    expect(takeTurn(async () => "refused")).toBeUndefined();
    running.end();
    expect([await first, await waiting]).toEqual(["running", "waiting"]);
    expect(await takeTurn(async () => "again")).toBe("again");
  });
});
