import { describe, expect, test } from "bun:test";
import { ChangeLog, type FeedChange } from "../../../src/core/feed/change-log.ts";

function subjects(from: number, to: number, name = (seq: number) => `s${seq}`): FeedChange[] {
  return Array.from({ length: to - from + 1 }, (_, at) => ({
    seq: from + at,
    subject: name(from + at),
  }));
}

describe("ChangeLog", () => {
  test("has nothing to say to one who is up to date", () => {
    const log = new ChangeLog(7);
    expect(log.since(7)).toEqual({ kind: "nothing" });
  });

  test("begins anew in another history, also at a lesser number", () => {
    const log = new ChangeLog(0);
    log.append(subjects(1, 9));
    log.restart(5);
    expect(log.seq).toBe(5);
    expect(log.since(5)).toEqual({ kind: "nothing" });
    for (const former of [4, 6, 9]) expect(log.since(former)).toEqual({ kind: "reset" });
    log.append([{ seq: 6, subject: "amy" }]);
    expect(log.since(5)).toEqual({ kind: "subjects", subjects: ["amy"] });
  });

  test("names each subject once, oldest first", () => {
    const log = new ChangeLog(0);
    log.append([
      { seq: 1, subject: "bob" },
      { seq: 2, subject: "amy" },
      { seq: 3, subject: "bob" },
    ]);
    expect(log.since(0)).toEqual({ kind: "subjects", subjects: ["bob", "amy"] });
    expect(log.since(1)).toEqual({ kind: "subjects", subjects: ["amy", "bob"] });
    expect(log.since(2)).toEqual({ kind: "subjects", subjects: ["bob"] });
    expect(log.since(3)).toEqual({ kind: "nothing" });
  });

  test("concerns everything as soon as one change in between does", () => {
    const log = new ChangeLog(0);
    log.append([
      { seq: 1, subject: "bob" },
      { seq: 2, subject: undefined },
      { seq: 3, subject: "amy" },
    ]);
    expect(log.since(0)).toEqual({ kind: "everything" });
    expect(log.since(1)).toEqual({ kind: "everything" });
    expect(log.since(2)).toEqual({ kind: "subjects", subjects: ["amy"] });
  });

  test.each([
    ["of before it began", 4],
    ["from the future", 9],
    ["below zero", -1],
    ["that is a fraction", 5.5],
    ["that is no number", Number.NaN],
    ["beyond exact integers", 2 ** 53],
    ["that is infinite", Number.POSITIVE_INFINITY],
  ])("starts over with a sequence %s", (_, seq) => {
    const log = new ChangeLog(5);
    log.append(subjects(6, 8));
    expect(log.since(seq)).toEqual({ kind: "reset" });
  });

  test("starts over across a gap, and not after it", () => {
    const log = new ChangeLog(0);
    log.append(subjects(1, 3));
    log.append(subjects(6, 7));
    for (const seq of [0, 1, 3, 4, 5]) expect(log.since(seq)).toEqual({ kind: "reset" });
    expect(log.since(6)).toEqual({ kind: "subjects", subjects: ["s7"] });
    expect(log.seq).toBe(7);
  });

  test("takes a change up once, whatever it is told again", () => {
    const log = new ChangeLog(0);
    log.append(subjects(1, 3));
    log.append(subjects(1, 3));
    log.append(subjects(2, 4));
    expect(log.seq).toBe(4);
    expect(log.since(2)).toEqual({ kind: "subjects", subjects: ["s3", "s4"] });
  });

  test("forgets the oldest beyond its limit, and says so", () => {
    const log = new ChangeLog(0, 20);
    log.append(subjects(1, 20));
    expect(log.since(0)).toMatchObject({ kind: "subjects" });
    log.append(subjects(21, 21));
    for (const seq of [0, 1, 2]) expect(log.since(seq)).toEqual({ kind: "reset" });
    expect(log.since(3)).toEqual({
      kind: "subjects",
      subjects: subjects(4, 21).map(({ subject }) => subject ?? ""),
    });
  });

  test("answers rightly for each position at each size", () => {
    const log = new ChangeLog(0, 30);
    for (let seq = 1; seq <= 200; seq += 1) {
      log.append([{ seq, subject: `s${seq}` }]);
      for (let from = Math.max(0, seq - 40); from < seq; from += 1) {
        const answer = log.since(from);
        if (answer.kind === "reset") continue;
        const expected = subjects(from + 1, seq).map(({ subject }) => subject ?? "");
        expect(answer).toEqual({ kind: "subjects", subjects: expected });
      }
      expect(log.since(seq - 1)).toEqual({ kind: "subjects", subjects: [`s${seq}`] });
    }
  });

  test("says everything rather than more than 500 names", () => {
    const log = new ChangeLog(0);
    log.append(subjects(1, 500));
    expect(log.since(0)).toMatchObject({ kind: "subjects" });
    log.append(subjects(501, 501));
    expect(log.since(0)).toEqual({ kind: "everything" });
    expect(log.since(1)).toMatchObject({ kind: "subjects" });
  });
});
