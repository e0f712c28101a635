/** A key that is removed takes HAProxy's remembered verdicts with it at once, however long they would last. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { mint } from "../../helpers/mint.ts";
import { settledDetails } from "../../helpers/settled.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

/** Far longer than this file runs. */
const LONG_SECONDS = "300";
/** From the keys' reading to the last thread's having heard. */
const HEARD_MS = 1500;
/** A reload compares keys twice, and each write waits five seconds for the lock. */
const LOCKED_MS = 11_000;
const keys = createKeys();
const first = createSigningKey("RS256", "first");
const second = createSigningKey("RS256", "second");

describe("a verdict that is remembered for long", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, {
      keys,
      keyFile: [keys.rs.entry, first.entry, second.entry],
      serverEnv: { JWT_SYNC_INTERVAL: LONG_SECONDS },
      // The server alone knows the keys: HAProxy hears of them by the feed or not at all.
      verifiesInHaproxy: false,
      // One memory: whoever is asked again is the one that remembers.
      threads: 1,
      haproxyEnv: { JWT_CACHE_TTL: LONG_SECONDS },
    });
  });
  afterAll(() => stack.disposeAsync());

  /** Leaves these keys in the file and has the server read it. */
  const keep = (entries: readonly unknown[]) => {
    writeFileSync(edge.keyFile, JSON.stringify(entries));
    edge.server.program().signal("SIGHUP");
  };

  test("ends when its key is removed", async () => {
    const [leaver, stayer] = [mint(first, claims()), mint(keys.rs, claims())];
    for (const token of [leaver, stayer]) expectValid(await edge.ask(token));
    keep([keys.rs.entry, second.entry]);
    expect(await settledDetails(edge, leaver, HEARD_MS)).toEqual(["unknown_key"]);
    expectValid(await edge.ask(stayer));
  });

  test("ends as soon as the journal can be written, where it could not at the removal", async () => {
    const token = mint(second, claims());
    expectValid(await edge.ask(token));
    const other = new Database(join(edge.server.dataDir, "haproxy-jwt.db"));
    try {
      other.run("BEGIN IMMEDIATE");
      const lockedAt = performance.now();
      keep([keys.rs.entry]);
      const isOver = () => performance.now() - lockedAt > LOCKED_MS;
      await waitFor("the lock to outlast every write of the removal", isOver, 2 * LOCKED_MS);
      expect(edge.server.program().output()).toContain("a key change was not noted");
      // Nobody was told, and what is remembered stands. The server is not asked about it: it would read the keys again.
      expect(await keyIdsOf(edge)).toEqual(["key-rs256"]);
      expectValid(await edge.ask(token));
    } finally {
      other.close();
    }
    await waitFor(
      "every thread to refuse it",
      async () => {
        const details = await settledDetails(edge, token, 0);
        return details.length === 1 && details[0] === "unknown_key";
      },
      4000,
    );
    expectRefused(await edge.ask(token), { detail: "unknown_key" });
    expectValid(await edge.ask(mint(keys.rs, claims())));
  }, 60_000);
});

/** Of the keys that the server judges by. */
async function keyIdsOf(edge: Edge): Promise<readonly unknown[]> {
  const response = await fetch(`http://127.0.0.1:${edge.server.port}/.well-known/jwks.json`);
  const { keys: present } = (await response.json()) as { keys: readonly { kid?: string }[] };
  return present.map(({ kid }) => kid);
}
