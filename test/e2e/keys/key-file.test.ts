import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { identityOf } from "../../helpers/answer.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectValid } from "../../helpers/expect-verdict.ts";
import { mint } from "../../helpers/mint.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const added = createSigningKey("RS256", "added");
const entries = [keys.hs.entry, keys.rs.entry];

const BROKEN: readonly (readonly [string, string])[] = [
  ["half-written", JSON.stringify(entries).slice(0, 200)],
  ["empty", ""],
  ["full of zeros", "\0".repeat(500)],
  ["not JSON", "kid: a"],
  ["JSON of another kind", '"keys"'],
];

describe.each([true, false])("a key file, with keys in HAProxy: %p", (verifiesInHaproxy) => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, {
      keys,
      verifiesInHaproxy,
      keyFile: entries,
      serverEnv: { JWT_SYNC_INTERVAL: "1" },
      haproxyEnv: { JWT_SYNC_INTERVAL: "1", JWT_CACHE_TTL: "0" },
    });
  });
  afterAll(() => stack.disposeAsync());

  const put = (text: string) => {
    writeFileSync(`${edge.keyFile}.new`, text, { mode: 0o600 });
    renameSync(`${edge.keyFile}.new`, edge.keyFile);
  };
  const becomes = (valid: string) =>
    waitFor(
      `the added key to be ${valid}`,
      async () => identityOf(await edge.ask(mint(added, claims()))).valid === valid,
      4000,
    );

  test.each([...BROKEN])(
    "that is %s changes nothing, and counts again when it is whole",
    async (_, text) => {
      writeFileSync(edge.keyFile, text);
      const until = performance.now() + 1500;
      while (performance.now() < until) expectValid(await edge.ask(mint(keys.rs, claims())));
      put(JSON.stringify([...entries, added.entry]));
      await becomes("1");
      put(JSON.stringify(entries));
      await becomes("0");
    },
  );

  test("that is gone changes nothing", async () => {
    rmSync(edge.keyFile);
    const until = performance.now() + 1500;
    while (performance.now() < until) expectValid(await edge.ask(mint(keys.rs, claims())));
    put(JSON.stringify(entries));
    expect(await edge.server.isReady()).toBe(true);
  });

  test("with one key that cannot be used keeps the others", async () => {
    put(JSON.stringify([...entries, { kid: "bad", cert: "no PEM" }, added.entry]));
    await becomes("1");
    expectValid(await edge.ask(mint(keys.rs, claims())));
  });
});
