/** The sample requests of `demo --cluster --check`: several machines, one set of rules, and what breaks. */
import { ask } from "./ask.ts";
import { type Check, expectRefused, expectValid, sampleClaims, until } from "./checks.ts";
import { type ClusterStage, LEASE_SECONDS } from "./cluster.ts";

/** A lease of a former primary's, what verifiers trust beyond it, and the time to take over. */
const AFTER_FAILOVER_SECONDS = 40;

/** In order: the later ones stop PostgreSQL and let its standby take over. */
export const CLUSTER_CHECKS: readonly Check<ClusterStage>[] = [
  {
    what: "a valid token is accepted by each of three HAProxys",
    run: (cluster) => onEach(cluster, "alice", (shown) => expectValid(shown)),
  },
  {
    what: 'machine 1 answers "revoke user bob --wait" once all three machines enforce it',
    run: async (cluster) => {
      const before = await onEach(cluster, "bob", (shown) => expectValid(shown));
      return before ?? (await revoke(cluster, 0, "bob", /Enforced on 3 of 3 machines/));
    },
  },
  {
    what: "bob's next request is refused by each of them",
    run: (cluster) =>
      onEach(cluster, "bob", (shown) => expectRefused(shown, "E_TKN_INVALID", "revoked")),
  },
  {
    what: "a machine that is killed delays a confirmation until its lease is over, and no longer",
    run: async (cluster) => {
      await cluster.machines[2]?.killServer();
      const wrong = await revoke(cluster, 1, "carol", /2 of 3 machines .* 1 silent/);
      await cluster.machines[2]?.startServer();
      return wrong;
    },
  },
  {
    what: "with PostgreSQL stopped, tokens are judged and revocations are refused by name",
    run: async (cluster) => {
      await cluster.primary.kill();
      const judged = await onEach(cluster, "alice", (shown) => expectValid(shown));
      return judged ?? (await revoke(cluster, 0, "dave", /database/));
    },
  },
  {
    what: `${LEASE_SECONDS} s later their leases are over, and nobody is let in: E_BACKEND_UNAVAIL`,
    run: (cluster) =>
      until(LEASE_SECONDS + 3, () =>
        onEach(cluster, "alice", (shown) =>
          expectRefused(shown, "E_BACKEND_UNAVAIL", "unavailable"),
        ),
      ),
  },
  {
    what: "with PostgreSQL back, valid tokens are accepted again",
    run: async (cluster) => {
      await cluster.primary.start();
      return until(10, () => onEach(cluster, "alice", (shown) => expectValid(shown)));
    },
  },
  {
    what: "after a crash of PostgreSQL its standby takes over, and bob stays revoked",
    run: async (cluster) => {
      await cluster.primary.kill();
      await cluster.standby.promote();
      cluster.alsoStop(await cluster.standby.addStandby("standby_b"));
      const wrong = await until(20, () => onEach(cluster, "alice", (shown) => expectValid(shown)));
      if (wrong !== undefined) return wrong;
      return onEach(cluster, "bob", (shown) => expectRefused(shown, "E_TKN_INVALID", "revoked"));
    },
  },
  {
    what: "and a revocation is confirmed by all three again",
    run: (cluster) =>
      until(AFTER_FAILOVER_SECONDS, () =>
        revoke(cluster, 2, "erin", /Enforced on 3 of \d machines/),
      ),
  },
];

/** Asks each HAProxy about somebody's token. @returns what is wrong, with the machine it is wrong at */
async function onEach(
  { machines, keys, bobsToken }: ClusterStage,
  user: "alice" | "bob",
  check: (shown: Awaited<ReturnType<typeof ask>>) => string | undefined,
): Promise<string | undefined> {
  const token = user === "bob" ? bobsToken : keys.rs256(sampleClaims(user));
  for (const [at, { url }] of machines.entries()) {
    const wrong = check(await ask(url, token));
    if (wrong !== undefined) return `machine ${at + 1}: ${wrong}`;
  }
  return undefined;
}

/** Revokes by the command line of one machine. @returns what it said instead of what was expected */
async function revoke(
  { machines }: ClusterStage,
  at: number,
  user: string,
  expected: RegExp,
): Promise<string | undefined> {
  const words = ["revoke", "user", user, "--reason", "demo", "--wait", "--timeout", "30"];
  // What it says counts, whatever it exits with.
  const { said = "" } = (await machines[at]?.run(...words)) ?? {};
  return expected.test(said) ? undefined : said.replaceAll("\n", " ").trim();
}
