/** With the shared store away: strict machines judge until their lease ends and then say so, best effort goes on. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { identityOf } from "../../helpers/answer.ts";
import { startCluster, type TestCluster } from "../../helpers/cluster.ts";
import { mint } from "../../helpers/mint.ts";
import { claims } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const LEASE_SECONDS = 5;
/** Best effort lasts: ten minutes in full. */
const AWAY_MS = process.env["FULL"] === undefined ? 12_000 : 600_000;

describe.each(["strict", "best-effort"] as const)("a %s machine", (stale) => {
  const stack = new AsyncDisposableStack();
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster(stack, { nodes: 2, leaseSeconds: LEASE_SECONDS, stale });
  }, 120_000);
  afterAll(() => stack.disposeAsync());

  const nodeAt = (at: number) => {
    const node = cluster.nodes[at];
    if (node === undefined) throw new TypeError(`there is no machine ${at}`);
    return node;
  };
  test("that is cut off judges on, as it was told to, and revocations are refused", async () => {
    const { edge, cutOff, reconnect } = nodeAt(0);
    const good = mint(edge.keys.hs, claims({ username: "ann", sub: "ann" }));
    const bad = mint(edge.keys.hs, claims({ username: "bob", sub: "bob" }));
    const ask = async (token: string) => {
      const { valid = "?", reason = "?" } = identityOf(await edge.ask(token));
      return `${valid} ${reason}`;
    };
    const revoked = await edge.server.run("revoke", "block", "bob", "--reason", "x", "--wait");
    expect([revoked.code, revoked.stdout]).toEqual([0, expect.stringContaining("2 of 2 machines")]);
    expect(await ask(good)).toBe("1 ok");
    await cutOff();
    const cutAt = performance.now();
    const refused = await edge.server.run("revoke", "block", "eve", "--reason", "x");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("database");
    if (stale === "strict") {
      await waitFor("the lease to end", async () => (await ask(good)) === "0 E_BACKEND_UNAVAIL");
      expect(performance.now() - cutAt).toBeLessThan(LEASE_SECONDS * 1000 + 2000);
      expect((await readiness(edge.server.port)).lease).toContain("no lease from the shared store");
    } else {
      await waitFor(
        "it to have been away for long",
        () => performance.now() - cutAt > AWAY_MS,
        AWAY_MS + 5000,
      );
      expect(await ask(good)).toBe("1 ok");
      expect(await ask(bad)).toBe("0 E_TKN_INVALID");
      const open = await nodeAt(1).edge.server.run(
        "revoke",
        "block",
        "joe",
        "--reason",
        "x",
        "--wait",
        "--timeout",
        "2",
      );
      expect([open.code, open.stdout]).toEqual([
        3,
        expect.stringContaining(`:${edge.server.port}`),
      ]);
    }
    await reconnect();
    await waitFor("it to be back", async () => (await ask(good)) === "1 ok", 20_000);
    await waitFor(
      "its lease",
      async () => (await readiness(edge.server.port)).lease === "ok",
      20_000,
    );
    const healed = await edge.server.run("revoke", "block", "ann", "--reason", "x", "--wait");
    expect(healed.stdout).toContain("2 of 2 machines");
    expect(await ask(good)).toBe("0 E_TKN_INVALID");
  }, 900_000);

  test("is listed with its lease, and taken off the roll by an operator's word only", async () => {
    const { server } = nodeAt(1).edge;
    const listed = await server.run("nodes", "list", "--json");
    const { items } = JSON.parse(listed.stdout) as {
      items: { id: string; isThis: boolean; isStrict: boolean }[];
    };
    expect(items).toHaveLength(2);
    expect(items.map(({ isStrict }) => isStrict)).toEqual([stale === "strict", stale === "strict"]);
    const other = items.find(({ isThis }) => !isThis)?.id ?? "";
    const doctor = await server.run("doctor", "--json");
    expect(doctor.stdout).toContain("2 share the store and follow every change");
    await nodeAt(0).edge.server.kill();
    const forgotten = await server.run("nodes", "forget", other, "--reason", "burnt down");
    expect(forgotten.code).toBe(0);
    const again = await server.run("nodes", "forget", other, "--reason", "burnt down");
    expect(again.code).toBe(1);
    const revoked = await server.run("revoke", "block", "zoe", "--reason", "x", "--wait");
    expect(revoked.stdout).toContain("1 of 1 machines");
  }, 60_000);
});

async function readiness(port: number): Promise<{ readonly lease: string }> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  const { checks } = (await response.json()) as { checks: { lease: string } };
  return checks;
}
