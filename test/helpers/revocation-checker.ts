/**
 * The judge of "no accept after the acknowledgement": one clock, clients that hammer, operators that
 * revoke, and a list of every request that was accepted although it was sent after its user's revocation
 * was acknowledged as enforced everywhere.
 */
import type { Edge } from "./edge.ts";
import { type Load, startLoad } from "./load.ts";
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

/** Starts the clients; operators come with `revoke`. Everything ends when `stack` is disposed. */
export async function startChecker(
  stack: AsyncDisposableStack,
  edge: Edge,
  options: { readonly clients: number; readonly pauseMs: number },
): Promise<Checker> {
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
  edge.keepSecret(apiToken);
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
  const load = startLoad(stack, edge.haproxy.port, pick, options);
  const acknowledgedMs: number[] = [];
  let unconfirmed = 0;

  const revokeOne = async (timeoutSeconds: number): Promise<boolean> => {
    const user = active.shift() ?? enrol();
    active.push(enrol());
    const sentAt = performance.now();
    user.revokedAt = sentAt;
    const isApplied = await ask(edge, apiToken, user.name, timeoutSeconds);
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
      ...judge(load, byName),
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
      const target = load.observations.length + more;
      await waitFor("more requests", () => load.observations.length >= target, 600_000);
    },
    stop: load.stop,
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

function judge(load: Load, users: ReadonlyMap<string, User>) {
  const violations: Violation[] = [];
  let longestStalenessMs = 0;
  let accepted = 0;
  for (const { kind, sentAt, valid } of load.observations) {
    if (valid !== "1") continue;
    accepted += 1;
    const user = users.get(kind);
    if (user?.revokedAt === undefined || sentAt <= user.revokedAt) continue;
    longestStalenessMs = Math.max(longestStalenessMs, sentAt - user.revokedAt);
    if (user.acknowledgedAt !== undefined && sentAt > user.acknowledgedAt) {
      violations.push({ user: kind, afterAcknowledgementMs: sentAt - user.acknowledgedAt });
    }
  }
  return { requests: load.observations.length, accepted, violations, longestStalenessMs };
}
