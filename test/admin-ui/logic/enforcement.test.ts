import { describe, expect, test } from "bun:test";
import type { Snapshot, Verifier } from "../../../src/admin-ui/api/types.ts";
import {
  toAnswer,
  toEnforcementLine,
  toKeysLine,
  toProof,
  toSaying,
  verifierState,
} from "../../../src/admin-ui/logic/enforcement.ts";

const verifier = (more: Partial<Verifier> = {}): Verifier => ({
  id: "1",
  name: "edge-1",
  seq: 18_204,
  isLive: true,
  lastContactMs: 0,
  silentForMs: 100,
  staleSeconds: 0,
  entries: 0,
  lastLatencyMs: 3,
  ...more,
});
const snapshot = (verifiers: readonly Verifier[], isReady = true): Snapshot => ({
  stats: {
    version: "1",
    now: 0,
    startedAt: 0,
    seq: 18_204,
    ready: isReady,
    problems: isReady ? [] : [{ name: "store", problem: "it cannot be written" }],
    rules: {},
    index: {},
    verdicts: [],
    verifiers: { live: 0, upToDate: 0, known: 0 },
  },
  verifiers: { seq: 18_204, items: verifiers },
  keys: { items: [] },
});

describe("what a thread says of a token", () => {
  const NEWEST = 18_204;
  test.each([
    ["has the newest change", {}, "refused", true],
    ["has not caught up", { seq: NEWEST - 1 }, "pending", false],
    ["has no lease", { isLive: false, seq: 3 }, "refused", true],
    [
      "goes on without the server",
      { seq: NEWEST - 1, staleSeconds: 9, silentForMs: 6000 },
      "not confirmed",
      false,
    ],
    ["went on without, and is over it", { isLive: false, staleSeconds: 9 }, "refused", true],
    ["would go on without, but has its lease", { staleSeconds: 9 }, "refused", true],
  ] as const)("that %s", (_, more, text, isSure) => {
    expect(toAnswer(verifier(more), NEWEST, false)).toMatchObject({ text, isSure });
  });

  test("is what the server says", () => {
    expect(toAnswer(verifier(), NEWEST, true)).toMatchObject({ tone: "good", text: "valid" });
  });
});

describe("the line that says whether revocation is enforced", () => {
  test("is good only where every live thread has caught up", () => {
    const line = toEnforcementLine(snapshot([verifier(), verifier({ id: "2" })]));
    expect(line).toMatchObject({ tone: "good", text: "Enforcing on 2 of 2 threads" });
    expect(line.more).toContain("rules #18\u202f204");
  });

  test.each([
    [
      "a thread is behind",
      snapshot([verifier(), verifier({ id: "2", name: "edge-2", seq: 18_203 })]),
      "warn",
      "Enforcing on 1 of 2 threads",
    ],
    ["nobody has ever reported", snapshot([]), "warn", "No HAProxy is connected"],
    [
      "all have fallen silent",
      snapshot([verifier({ isLive: false })]),
      "warn",
      "No HAProxy thread is live",
    ],
    ["the server is not ready", snapshot([verifier()], false), "bad", "The server is not ready"],
  ] as const)("says so where %s", (_, given, tone, text) => {
    expect(toEnforcementLine(given)).toMatchObject({ tone, text });
  });

  const silent = verifier({ id: "2", name: "edge-2", isLive: false, seq: 1, silentForMs: 45_000 });

  test("counts a silent thread, and says that it asks: it is neither gone nor in step", () => {
    const line = toEnforcementLine(snapshot([verifier(), silent]));
    expect(line).toMatchObject({
      tone: "good",
      text: "Enforcing on 1 of 2 threads",
      silence: "edge-2 silent for 45\u202fs, asks before each answer",
    });
    expect(line.more).toStartWith("rules #");
  });

  test("counts several silent threads", () => {
    const line = toEnforcementLine(snapshot([verifier(), silent, { ...silent, id: "3" }]));
    expect(line.text).toBe("Enforcing on 1 of 3 threads");
    expect(line.silence).toBe("2\u00a0threads silent, ask before each answer");
  });

  test("says of a thread that is heard and has no lease no more than that", () => {
    const { silence } = toEnforcementLine(snapshot([verifier(), { ...silent, silentForMs: 20 }]));
    expect(silence).toBe("edge-2 without a lease, asks before each answer");
  });

  test("warns of a thread that goes on without the server", () => {
    const alone = verifier({ id: "2", name: "edge-2", staleSeconds: 60, silentForMs: 45_000 });
    expect(toEnforcementLine(snapshot([verifier(), alone]))).toMatchObject({
      tone: "warn",
      text: "Enforcing on 1 of 2 threads",
      more: "edge-2 silent for 45\u202fs, goes on without the server",
    });
    expect(toEnforcementLine(snapshot([verifier({ seq: 1 }), alone, silent])).more).toBe(
      "edge-1 has not caught up · edge-2 silent for 45\u202fs, goes on without the server · edge-2 silent for 45\u202fs, asks before each answer",
    );
  });
});

describe("how many threads say what the server says", () => {
  const asking = verifier({ isLive: false, seq: 1 });
  test.each([
    [[verifier(), verifier()], "All 2\u00a0threads say so", true],
    [[verifier(), asking], "1 of 2\u00a0threads say so, 1 asks each time", true],
    [
      [verifier(), verifier({ seq: 1 }), asking],
      "1 of 3\u00a0threads say so, 1 asks each time",
      false,
    ],
  ] as const)("is said", (items, text, isSure) => {
    expect(toSaying({ seq: 18_204, items })).toEqual({ text, isSure });
  });
});

describe("a thread's state", () => {
  test.each([
    [verifier(), "live"],
    [verifier({ seq: 18_203 }), "catching up"],
    [verifier({ isLive: false }), "asks each time"],
    [verifier({ staleSeconds: 60 }), "best effort"],
    [verifier({ staleSeconds: 60, silentForMs: 5000 }), "goes on alone"],
  ])("is a few words", (one, text) => expect(verifierState(one, 18_204).text).toBe(text));
});

describe("the keys' line", () => {
  const source = {
    source: "a",
    kind: "file",
    keys: [{ kty: "RSA", algorithms: ["RS256"] }],
    problems: [],
    ageSeconds: 41,
    nextInSeconds: 5,
  };

  test.each([
    [[], "bad", "No key source"],
    [[{ ...source, keys: [] }], "bad", "No keys"],
    [[source, { ...source, error: "503" }], "warn", "1 key source fails"],
    [[source], "plain", "Keys fresh"],
  ] as const)("says what is worst", (sources, tone, text) => {
    expect(toKeysLine(sources)).toMatchObject({ tone, text });
  });

  test("says how old the oldest are", () => {
    const { ageSeconds } = toKeysLine([source, { ...source, ageSeconds: 7 }]);
    expect(ageSeconds).toBe(41);
  });
});

describe("the proof of a change", () => {
  test("names the slowest thread's time", () => {
    const proof = toProof(
      true,
      [
        { id: "1", name: "a", state: "applied", ms: 6 },
        { id: "2", name: "b", state: "applied", ms: 9 },
        { id: "3", name: "c", state: "fenced" },
      ],
      undefined,
    );
    expect(proof.sentence).toBe("on 2 of 3 threads, after 9\u202fms; 1 asks before each answer");
    expect(proof.threads.map(({ tone }) => tone)).toEqual(["good", "good", "plain"]);
  });

  test("says who is missing, and since when", () => {
    const contacts = { seq: 1, items: [verifier({ id: "2", silentForMs: 12_000 })] };
    const proof = toProof(false, [{ id: "2", name: "b", state: "pending" }], contacts);
    expect(proof).toMatchObject({ isApplied: false, sentence: "on 0 of 1 thread so far" });
    expect(proof.threads[0]?.text).toBe("has not confirmed yet, silent for 12\u202fs");
  });

  test("claims no thread where there is none", () => {
    expect(toProof(true, [], undefined).sentence).toStartWith("everywhere");
  });
});
