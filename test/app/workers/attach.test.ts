/** Judging threads judge by the decryption keys as the main thread has read them, whatever becomes of the file. */
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type App, startApp } from "../../../src/app.ts";
import { type Config, ConfigError, loadConfig } from "../../../src/config/load.ts";
import { createLog } from "../../../src/log.ts";
import { createDecryptionKey, type DecryptionKey, encrypt } from "../../helpers/decryption-keys.ts";
import { type KeySource, startKeySource, toAnswer } from "../../helpers/key-source.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { claims } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

/** Enough connections that every thread gets some. */
const TIMES = 40;
const first = createDecryptionKey("dir", "A256GCM", "first");
const second = createDecryptionKey("dir", "A256GCM", "second");

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());
const source = await startKeySource(stack);
source.answer(toAnswer({ keys: [createSigningKey("ES256").jwk] }));

let app: App;
let file = "";
let read: () => Config;

beforeEach(async () => {
  const folder = createTempFolder(stack);
  file = join(folder, "decrypt.json");
  writeKeys(first);
  read = () =>
    loadConfig({
      flags: new Map(),
      environment: {
        JWT_DATA_DIR: join(folder, "data"),
        JWT_LISTEN: "127.0.0.1:0",
        JWT_ADMIN_LISTEN: "127.0.0.1:0",
        JWT_JWKS_URL: source.url(),
        JWT_SYNC_INTERVAL: "1",
        JWT_DECRYPT_FILE: file,
        JWT_WORKERS: "3",
      },
      file: undefined,
      defaultFile: join(folder, "none.toml"),
    });
  const log = createLog(
    () => "error",
    () => undefined,
  );
  app = await startApp(read(), {
    log,
    version: "0",
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    random: () => 0,
    onBroken: () => undefined,
  });
});
afterEach(() => app.stop());

function writeKeys(key: DecryptionKey): void {
  writeFileSync(file, JSON.stringify([key.jwk]));
}

/** What the threads say of a token encrypted to a key: each answer once. */
async function verdicts(key: DecryptionKey): Promise<ReadonlySet<unknown>> {
  const token = await encrypt(key, JSON.stringify(claims()));
  const found = new Set<unknown>();
  for (let turn = 0; turn < TIMES; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- each on a connection of its own
    const response = await fetch(`http://127.0.0.1:${app.ports[0]}/`, {
      method: "POST",
      body: token,
      headers: { "content-type": "application/jwt", "x-jwt-ttl": "0" },
      keepalive: false,
    });
    const { valid } = (await response.json()) as { valid: unknown };
    found.add(valid);
  }
  return found;
}

/** The threads are told of keys after each reading; the second one begins when the first has been told of. */
async function readAgain({ fetches }: KeySource): Promise<void> {
  const before = fetches.length;
  await waitFor("the key source to be read again", () => fetches.length >= before + 2);
}

const [ACCEPTED, REFUSED] = [new Set(["1"]), new Set(["0"])];

describe("with a decryption file that is", () => {
  test("replaced, all threads judge by the former one until the reload", async () => {
    expect(await verdicts(first)).toEqual(ACCEPTED);
    writeKeys(second);
    await readAgain(source);
    expect(await verdicts(first)).toEqual(ACCEPTED);
    expect(await verdicts(second)).toEqual(REFUSED);
    await app.reload(read);
    expect(await verdicts(second)).toEqual(ACCEPTED);
    expect(await verdicts(first)).toEqual(REFUSED);
  });

  test("away, all threads go on, and so does the reading of key sources", async () => {
    rmSync(file);
    await readAgain(source);
    expect(await app.reload(read).catch((error: unknown) => error)).toBeInstanceOf(ConfigError);
    await readAgain(source);
    expect(await verdicts(first)).toEqual(ACCEPTED);
    expect(await verdicts(second)).toEqual(REFUSED);
  });
});
