/** The compiled binary moves its store to PostgreSQL and back: what was revoked stays revoked, who could log in still can. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createFirstAdmin, login } from "../helpers/admin-people.ts";
import { type Appliance, startAppliance } from "../helpers/appliance.ts";
import { createCommandLine, parseOutput } from "../helpers/command-line.ts";
import { mint } from "../helpers/mint.ts";
import { type Postgres, startPostgres } from "../helpers/postgres.ts";
import { createSigningKey } from "../helpers/signing-keys.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";
import { claims } from "../helpers/tokens.ts";

const stack = new AsyncDisposableStack();
const key = createSigningKey("ES256");
let folder: string;
let keyFile: string;
let postgres: Postgres;

beforeAll(async () => {
  folder = createTempFolder(stack);
  keyFile = join(folder, "keys.json");
  await Bun.write(keyFile, JSON.stringify({ keys: [key.jwk] }));
  postgres = await startPostgres(stack);
}, 60_000);
afterAll(() => stack.disposeAsync());

const start = (name: string, env: Readonly<Record<string, string>> = {}) =>
  startAppliance(stack, {
    folder: createTempFolder(stack),
    env: { JWT_JWKS_FILE: keyFile, ...env },
  }).catch((error: unknown) => {
    throw new Error(`${name} did not start`, { cause: error });
  });

const tokenOf = (name: string) => mint(key, claims({ sub: name, username: name }));

async function expectMoved(server: Appliance): Promise<void> {
  expect((await server.judge(tokenOf("bob"))).detail).toBe("revoked");
  expect((await server.judge(tokenOf("carol"))).valid).toBe("1");
  expect((await server.judge(tokenOf("dave"))).valid).toBe("1");
  expect(await login(server, "root")).toContain("=");
}

describe("a store", () => {
  test("moves from SQLite to PostgreSQL and back", async () => {
    const first = await start("the first server");
    await createFirstAdmin(first);
    const cli = createCommandLine(first.dataDir);
    await cli("revoke", "block", "bob", "--reason", "left");
    await cli("revoke", "block", "dave", "--reason", "a mistake");
    await cli("rules", "lift", "2", "--reason", "he is back");
    const file = join(folder, "backup.db");
    expect((await cli("backup", file)).code).toBe(0);
    await first.stop();

    const shared = { JWT_STORE: postgres.url, JWT_STORE_SINGLE: "true" };
    const moved = await cli.with({ env: shared }, "store", "import", file, "--json");
    expect(parseOutput(moved)).toMatchObject({ rules: 2, people: 1, apiTokens: 0 });
    const again = await cli.with({ env: shared }, "store", "import", file);
    expect([again.code, again.stdout]).toEqual([1, ""]);
    const second = await start("the server on PostgreSQL", shared);
    await expectMoved(second);
    await second.stop();

    const back = join(folder, "back.db");
    expect((await cli.with({ env: shared }, "store", "export", back)).code).toBe(0);
    const own = createCommandLine(join(folder, "third"));
    expect((await own("restore", back)).code).toBe(0);
    expect((await own("rules", "show", "2")).stdout).toContain("he is back");
    const other = createCommandLine(first.dataDir);
    expect((await other("restore", back)).stdout).toContain("1 rule is restored");
    await first.start();
    await expectMoved(first);
  }, 120_000);

  test("is not moved where JWT_STORE names no PostgreSQL", async () => {
    const cli = createCommandLine(join(folder, "none"));
    for (const way of ["import", "export"]) {
      const refused = await cli("store", way, join(folder, "backup.db"));
      expect([refused.code, refused.stdout]).toEqual([2, ""]);
      expect(refused.stderr).toContain("JWT_STORE");
    }
  });
});
