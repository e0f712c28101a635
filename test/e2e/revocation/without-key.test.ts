/**
 * No accept after the acknowledgement (P4), where HAProxy has no verifier key: nobody can tell it to forget, so the
 * acknowledgement has to wait until it has, while requests and changes go on all the time.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startEdge } from "../../helpers/edge.ts";
import { type Checker, startChecker } from "../../helpers/revocation-checker.ts";

const IS_FULL = process.env["FULL"] !== undefined;
const REVOCATIONS = IS_FULL ? 200 : 12;
const OPERATORS = IS_FULL ? 20 : 12;

describe.each([
  { name: "one judging thread", workers: "1", ttlSeconds: 5 },
  {
    name: "two judging threads, each of which notes what it lets be remembered",
    workers: "2",
    ttlSeconds: 4,
  },
  {
    name: "two judging threads and a memory of which the main one keeps record",
    workers: "2",
    ttlSeconds: 5,
  },
])("with $name", ({ workers, ttlSeconds }) => {
  const stack = new AsyncDisposableStack();
  let checker: Checker;

  beforeAll(async () => {
    const edge = await startEdge(stack, {
      serverEnv: { JWT_WORKERS: workers, JWT_LOG_LEVEL: "warn" },
      haproxyEnv: { JWT_VERIFIER_KEY: "", JWT_CACHE_TTL: String(ttlSeconds) },
    });
    checker = await startChecker(stack, edge, { clients: 8, pauseMs: 1 });
  });
  afterAll(() => stack.disposeAsync());

  test(
    "nobody gets in once his revocation is acknowledged, and each is in the end",
    async () => {
      await checker.waitForRequests(1000);
      // One change a second, whose end nobody waits for: no wait may be prolonged by what is judged after its change.
      const another = checker.keepRevoking(1);
      await Promise.all(Array.from({ length: OPERATORS }, () => checker.revoke(REVOCATIONS, 20)));
      await another.stop();
      await checker.waitForRequests(1000);
      await checker.stop();
      const { violations, accepted, mixedUp, longestStalenessMs, acknowledgedMs } =
        checker.report();
      expect(violations).toEqual([]);
      expect(mixedUp).toBe(0);
      expect(accepted).toBeGreaterThan(0);
      // Verdicts outlived the revocation: there was something to wait for.
      expect(longestStalenessMs).toBeGreaterThan(1000);
      expect(Math.max(...acknowledgedMs)).toBeGreaterThan(ttlSeconds * 1000);
      expect(Math.max(...acknowledgedMs)).toBeLessThan((ttlSeconds + 3) * 1000);
    },
    IS_FULL ? 600_000 : 60_000,
  );
});
