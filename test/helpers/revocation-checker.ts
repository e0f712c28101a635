/**
 * The judge of "no accept after the acknowledgement": one clock, clients that hammer, operators that
 * revoke, and a list of every request that was accepted although it was sent after its user's revocation
 * was acknowledged as enforced everywhere.
 */
import type { Edge } from "./edge.ts";
import { type Observation, startLoad } from "./load.ts";
import { mint } from "./mint.ts";
import { claims } from "./tokens.ts";
import { waitFor } from "./wait-for.ts";

/** What was seen so far; times in milliseconds. */
export interface CheckerReport {
  readonly requests: number;
  readonly accepted: number;
  readonly revocations: number;
  /** Revocations that were stored but not confirmed in time: nothing is claimed of them. */
  readonly unconfirmed: number;
  /** Accepted although sent after the acknowledgement. */
  readonly violations: readonly Violation[];
  /** Accepted as somebody else. */
  readonly mixedUp: number;
  /** From the revocation's sending to the last request that was sent later and accepted all the same. */
  readonly longestStalenessMs: number;
  readonly acknowledgedMs: readonly number[];
}

export interface Violation {
  readonly user: string;
  readonly afterAcknowledgementMs: number;
}

export interface Checker {
  readonly report: () => CheckerReport;
  /** Revokes until so many more are acknowledged. */
  readonly revoke: (count: number, timeoutSeconds: number) => Promise<void>;
  /** Revokes one after the other until told to stop; unconfirmed ones too. */
  readonly keepRevoking: (timeoutSeconds: number) => { readonly stop: () => Promise<void> };
  readonly waitForRequests: (more: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

interface User {
  readonly name: string;
  readonly token: string;
  revokedAt: number | undefined;
  acknowledgedAt: number | undefined;
}

const USERS = 60;
/** Revoked users that are asked about still: their tokens must stay refused. */
const REVOKED_KEPT = 40;

export interface CheckerOptions {
  /** At each edge. */
  readonly clients: number;
  readonly pauseMs: number;
  /** More edges that enforce the same rules: all are hammered, and any of them is asked to revoke. */
  readonly others?: readonly Edge[];
}

/** Starts the clients; operators come with `revoke`. Everything ends when `stack` is disposed. */
export async function startChecker(
  stack: AsyncDisposableStack,
  edge: Edge,
  options: CheckerOptions,
): Promise<Checker> {
  const edges = [edge, ...(options.others ?? [])];
  const created = await edge.server.run(
    "admin",
    "token",
    "create",
    "--name",
    "checker",
    "--role",
    "admin",
  );
  const apiToken = created.stdout.trim().split("\n").at(-1) ?? "";
  for (const one of edges) one.keepSecret(apiToken);
  const byName = new Map<string, User>();
  let active: User[] = [];
  let revoked: User[] = [];
  let count = 0;
  const enrol = (): User => {
    count += 1;
    const name = `user-${count}`;
    const token = mint(edge.keys.hs, claims({ username: name, sub: name }));
    const user: User = { name, token, revokedAt: undefined, acknowledgedAt: undefined };
    byName.set(name, user);
    return user;
  };
  active = Array.from({ length: USERS }, enrol);

  const pick = () => {
    const from = revoked.length > 0 && Math.random() < 0.5 ? revoked : active;
    const user = from[Math.floor(Math.random() * from.length)] ?? enrol();
    return { kind: user.name, token: user.token };
  };
  const loads = edges.map(({ haproxy }) => startLoad(stack, haproxy.port, pick, options));
  const observed = () => loads.flatMap(({ observations }) => observations);
  const countRequests = () => loads.reduce((sum, { observations }) => sum + observations.length, 0);
  const acknowledgedMs: number[] = [];
  let unconfirmed = 0;

  const revokeOne = async (timeoutSeconds: number): Promise<boolean> => {
    const user = active.shift() ?? enrol();
    active.push(enrol());
    const sentAt = performance.now();
    user.revokedAt = sentAt;
    const asked = edges[Math.floor(Math.random() * edges.length)] ?? edge;
    const isApplied = await ask(asked, apiToken, user.name, timeoutSeconds);
    if (isApplied) {
      user.acknowledgedAt = performance.now();
      acknowledgedMs.push(user.acknowledgedAt - sentAt);
    } else {
      unconfirmed += 1;
    }
    revoked = [...revoked, user].slice(-REVOKED_KEPT);
    return isApplied;
  };

  return {
    report: () => ({
      ...judge(observed(), byName),
      acknowledgedMs,
      unconfirmed,
      revocations: acknowledgedMs.length,
    }),
    revoke: async (wanted, timeoutSeconds) => {
      const target = acknowledgedMs.length + wanted;
      while (acknowledgedMs.length < target) await revokeOne(timeoutSeconds);
    },
    keepRevoking: (timeoutSeconds) => {
      const stopping = new AbortController();
      const running = (async () => {
        while (!stopping.signal.aborted) await revokeOne(timeoutSeconds);
      })();
      return {
        stop: async () => {
          stopping.abort();
          await running;
        },
      };
    },
    waitForRequests: async (more) => {
      const target = countRequests() + more;
      await waitFor("more requests", () => countRequests() >= target, 600_000);
    },
    stop: async () => {
      await Promise.all(loads.map(({ stop }) => stop()));
    },
  };
}

/** Revokes over the API; whether it is acknowledged as enforced everywhere. A server that is away refuses. */
async function ask(
  edge: Edge,
  apiToken: string,
  user: string,
  timeoutSeconds: number,
): Promise<boolean> {
  const url = `http://127.0.0.1:${edge.server.adminPort}/api/v1/revocations?wait=applied&timeout=${timeoutSeconds}`;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${apiToken}`, "content-type": "application/json" },
      body: JSON.stringify({ block: user, reason: "the checker says so" }),
      signal: AbortSignal.timeout((timeoutSeconds + 10) * 1000),
    });
    const answer = (await response.json()) as { applied?: boolean };
    return response.status === 201 && answer.applied === true;
  } catch {
    // Killed or stopped in the middle: it may be stored, nothing is claimed.
    await Bun.sleep(20);
    return false;
  }
}

function judge(observations: readonly Observation[], users: ReadonlyMap<string, User>) {
  const violations: Violation[] = [];
  let longestStalenessMs = 0;
  let accepted = 0;
  let mixedUp = 0;
  for (const { kind, sentAt, valid, subject } of observations) {
    if (valid !== "1") continue;
    accepted += 1;
    if (subject !== kind) mixedUp += 1;
    const user = users.get(kind);
    if (user?.revokedAt === undefined || sentAt <= user.revokedAt) continue;
    longestStalenessMs = Math.max(longestStalenessMs, sentAt - user.revokedAt);
    if (user.acknowledgedAt !== undefined && sentAt > user.acknowledgedAt) {
      violations.push({ user: kind, afterAcknowledgementMs: sentAt - user.acknowledgedAt });
    }
  }
  return { requests: observations.length, accepted, violations, mixedUp, longestStalenessMs };
}
