/** What went away of keys and policy is told to the journal, once, and not lost where that fails. */
import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { GroundWatch } from "../../src/app/ground-watch.ts";
import { grounds, type Judging } from "../../src/app/judging.ts";
import { createPolicies } from "../../src/app/policies.ts";
import { createUntilNoted } from "../../src/app/until-noted.ts";
import { loadConfig } from "../../src/config/load.ts";
import { parseDecryptionKeys } from "../../src/core/jwks/decryption-key.ts";
import { KeyRing } from "../../src/core/jwks/key-ring.ts";
import { parseKeySet } from "../../src/core/jwks/key-set.ts";
import { createKeys } from "../helpers/tokens.ts";

const keys = createKeys();

/** A store in memory that can be made to fail, and what was noted in it. */
class FakeStore {
  readonly noted: string[] = [];
  readonly settings = new Map<string, string>();
  failing: "journal" | "settings" | undefined;

  noteKeysChanged = async (what: string): Promise<number> => {
    if (this.failing === "journal") throw new Error("the disk is full");
    this.noted.push(what);
    return this.noted.length;
  };
  getSetting = async (name: string) => this.settings.get(name);
  setSetting = async (name: string, value: string): Promise<void> => {
    if (this.failing === "settings") throw new Error("the disk is full");
    this.settings.set(name, value);
  };
}

interface Ground {
  readonly verify?: readonly unknown[];
  readonly decrypt?: readonly unknown[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Grounds as the server makes them: of keys, decryption keys and settings. */
async function groundsOf(ground: Ground): Promise<ReadonlySet<string>> {
  const { verify = [keys.rs.jwk], decrypt = [keys.dir.jwk], environment = {} } = ground;
  const { settings, issuers } = loadConfig({
    flags: new Map(),
    environment: { JWT_DATA_DIR: "/nowhere", ...environment },
    file: undefined,
    defaultFile: "/nowhere/none.toml",
  });
  const set = await parseKeySet(JSON.stringify({ keys: verify }), {
    source: "s",
    issuer: undefined,
    allowShortSecrets: false,
  });
  const judging: Pick<Judging, "policies" | "decryptionKeys"> = {
    policies: createPolicies(settings, issuers),
    decryptionKeys: parseDecryptionKeys(JSON.stringify({ keys: decrypt })),
  };
  expect(set.keys).toHaveLength(verify.length);
  return grounds(new KeyRing(set.keys), judging);
}

async function openWatch(store: FakeStore): Promise<GroundWatch> {
  const watch = new GroundWatch(store, store);
  await watch.open();
  return watch;
}

const FULL: Ground = { verify: [keys.rs.jwk, keys.es.jwk], environment: { JWT_CLOCK_SKEW: "30" } };
const GONE: readonly (readonly [string, Ground])[] = [
  ["a key", { ...FULL, verify: [keys.rs.jwk] }],
  ["a decryption key", { ...FULL, decrypt: [] }],
  ["a policy, for a stricter one", { ...FULL, environment: { JWT_CLOCK_SKEW: "0" } }],
  ["a policy, for a wider one", { ...FULL, environment: { JWT_CLOCK_SKEW: "60" } }],
];

describe("the watch over keys and policy", () => {
  test.each(GONE)("notes that %s went away, once", async (_, without) => {
    const store = new FakeStore();
    const watch = await openWatch(store);
    await watch.update(await groundsOf(FULL));
    await watch.update(await groundsOf(FULL));
    expect(store.noted).toEqual([]);
    await watch.update(await groundsOf(without));
    await watch.update(await groundsOf(without));
    expect(store.noted).toHaveLength(1);
  });

  test.each(GONE)("notes that %s went away while the server was down", async (_, without) => {
    const store = new FakeStore();
    await (await openWatch(store)).update(await groundsOf(FULL));
    const again = await openWatch(store);
    await again.update(await groundsOf(without));
    expect(store.noted).toHaveLength(1);
  });

  test("notes nothing for a key that comes", async () => {
    const store = new FakeStore();
    const watch = await openWatch(store);
    await watch.update(await groundsOf({ ...FULL, verify: [keys.rs.jwk] }));
    await watch.update(await groundsOf(FULL));
    await (await openWatch(store)).update(await groundsOf(FULL));
    expect(store.noted).toEqual([]);
  });

  test.each(["journal", "settings"] as const)(
    "notes it at the next comparison where the %s could not be written",
    async (failing) => {
      const store = new FakeStore();
      const watch = await openWatch(store);
      await watch.update(new Set(["a", "b"]));
      store.failing = failing;
      expect(await watch.update(new Set(["a"])).catch(() => "failed")).toBe("failed");
      store.failing = undefined;
      const before = store.noted.length;
      await watch.update(new Set(["a"]));
      expect(store.noted).toHaveLength(before + 1);
    },
  );
});

describe("following keys and policy", () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test("tries again every second until it is noted, and complains once", async () => {
    const { store, told, pass } = await failOnce();
    for (let second = 0; second < 30; second += 1) await pass(1000);
    expect(told).toEqual({ noted: 1, errors: 1 });
    store.failing = undefined;
    await pass(1000);
    expect(store.noted).toHaveLength(1);
    expect(told).toEqual({ noted: 2, errors: 1 });
    await pass(60_000);
    expect(told).toEqual({ noted: 2, errors: 1 });
  });

  test("tries no more once it is stopped", async () => {
    const { store, following, pass } = await failOnce();
    following.stop();
    store.failing = undefined;
    await pass(60_000);
    expect(store.noted).toEqual([]);
  });
});

/** Follows grounds that the test sets, of which a key has gone that could not be noted. */
async function failOnce() {
  const store = new FakeStore();
  const told = { noted: 0, errors: 0 };
  let current: ReadonlySet<string> = new Set(["a", "b"]);
  const watch = await openWatch(store);
  const following = createUntilNoted(
    () => watch.update(current).then(() => (told.noted += 1)),
    "not noted",
    { error: () => (told.errors += 1) },
  );
  following.note();
  await settle();
  expect(told).toEqual({ noted: 1, errors: 0 });
  store.failing = "journal";
  current = new Set(["a"]);
  following.note();
  await settle();
  expect(told).toEqual({ noted: 1, errors: 1 });
  const pass = async (ms: number) => {
    jest.advanceTimersByTime(ms);
    await settle();
  };
  return { store, told, following, pass };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
