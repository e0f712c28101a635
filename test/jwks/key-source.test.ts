import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KeySource, type KeySourceSpec } from "../../src/jwks/key-source.ts";
import { createLastGoodStore, type LastGoodStore } from "../../src/jwks/last-good.ts";
import {
  type KeyAnswer,
  type KeySource as KeyServer,
  startKeySource,
  toAnswer,
  toGzipBomb,
  toHalfAnswer,
  toRedirect,
} from "../helpers/key-source.ts";
import { createSigningKey } from "../helpers/signing-keys.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";

const NOW = 1_700_000_000;
const first = createSigningKey("ES256", "first");
const second = createSigningKey("ES256", "second");
const FIRST = { keys: [first.jwk] };
const SECOND = { keys: [second.jwk] };

const all = new AsyncDisposableStack();
afterAll(() => all.disposeAsync());
const server: KeyServer = await startKeySource(all);
let folder = "";
let now = NOW;

beforeEach(() => {
  folder = createTempFolder(all);
  now = NOW;
  server.fetches.length = 0;
  server.requests.length = 0;
  server.answer(toAnswer(FIRST));
});

function createSource(
  spec: KeySourceSpec = { kind: "url", url: server.url(), issuer: undefined },
  lastGood: LastGoodStore = createLastGoodStore(join(folder, "keys")),
  timeoutMs = 5000,
): KeySource {
  return new KeySource(spec, {
    allowShortSecrets: false,
    timeoutMs,
    maxBytes: 64 * 1024,
    lastGood,
    nowSeconds: () => now,
  });
}

function kids(source: KeySource): readonly (string | undefined)[] {
  return (source.state.set?.keys ?? []).map(({ kid }) => kid);
}

function rejectAsFull(): Promise<never> {
  return Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" }));
}

function sentEtag(): string | undefined {
  const fields = server.requests.at(-1)?.fields ?? [];
  return fields.find(([name]) => name.toLowerCase() === "if-none-match")?.[1];
}

describe("KeySource.refresh", () => {
  test("reads the keys, says that they changed, and then that they did not", async () => {
    const source = createSource();
    expect(await source.refresh()).toBe(true);
    expect(source.state).toMatchObject({ fetchedAtSeconds: NOW, failures: 0 });
    expect(kids(source)).toEqual(["first"]);
    const { set } = source.state;
    now += 60;
    expect(await source.refresh()).toBe(false);
    expect(source.state.set).toBe(set);
    expect(source.state.fetchedAtSeconds).toBe(NOW + 60);
  });

  test("takes a rotation up, and with it the removal of the old key", async () => {
    const source = createSource();
    await source.refresh();
    server.answer(toAnswer({ keys: [first.jwk, second.jwk] }));
    expect(await source.refresh()).toBe(true);
    expect(kids(source)).toEqual(["first", "second"]);
    server.answer(toAnswer(SECOND));
    expect(await source.refresh()).toBe(true);
    expect(kids(source)).toEqual(["second"]);
    server.answer(toAnswer({ keys: [] }));
    expect(await source.refresh()).toBe(true);
    expect(kids(source)).toEqual([]);
  });

  const broken: readonly (readonly [name: string, answer: KeyAnswer])[] = [
    ["is slow", { kind: "silence" }],
    [
      "drips",
      { kind: "drip", bytes: Buffer.from("HTTP/1.1 200 OK\r\n\r\n["), size: 1, everyMs: 10 },
    ],
    ["answers 500", toAnswer(SECOND, { status: "500 Oh" })],
    ["answers 404", toAnswer(SECOND, { status: "404 Not Found" })],
    ["answers HTML", toAnswer("<!doctype html>")],
    ["answers nothing", toAnswer("")],
    ["answers null", toAnswer("null")],
    ["answers an object of something else", toAnswer({ error: "later" })],
    ["cuts its body", toHalfAnswer(SECOND)],
    ["cuts its JSON", toAnswer(JSON.stringify(SECOND).slice(0, -2))],
    ["is huge", toAnswer(`${JSON.stringify(SECOND)}${" ".repeat(100_000)}`)],
    ["sends a bomb", toGzipBomb(SECOND, 50_000_000)],
    ["redirects", toRedirect("http://127.0.0.1:1/")],
    ["has 1001 keys", toAnswer({ keys: Array.from({ length: 1001 }, () => ({})) })],
    ["names a member twice", toAnswer('{"keys":[],"keys":[]}')],
    ["is not UTF-8", toAnswer(Buffer.from([0x5b, 0xff, 0x5d]))],
  ];
  test.each([...broken])("keeps the last good set of a source that %s", async (_, answer) => {
    const source = createSource(undefined, undefined, 300);
    await source.refresh();
    const { set } = source.state;
    now += 100;
    server.answer(answer);
    expect(await source.refresh()).toBe(false);
    expect(source.state.set).toBe(set);
    expect(source.state).toMatchObject({ fetchedAtSeconds: NOW, failures: 1 });
    expect(source.state.error).toBeString();
    await source.refresh();
    expect(source.state.failures).toBe(2);
    server.answer(toAnswer(SECOND));
    expect(await source.refresh()).toBe(true);
    expect(source.state).toMatchObject({ error: undefined, failures: 0 });
    expect(kids(source)).toEqual(["second"]);
  });

  test("keeps the last good set of a source that is down", async () => {
    const source = createSource();
    await source.refresh();
    await server.down();
    expect(await source.refresh()).toBe(false);
    expect(kids(source)).toEqual(["first"]);
    expect(source.state.error).toBe("it cannot be reached (ECONNREFUSED)");
    await server.up();
    expect(await source.refresh()).toBe(false);
    expect(source.state.error).toBeUndefined();
  });

  test("leaves out a key with private parts, and takes two of one kid", async () => {
    const stolen = { ...second.privateKey?.export({ format: "jwk" }), kid: "stolen" };
    server.answer(toAnswer({ keys: [stolen, first.jwk, { ...second.jwk, kid: "first" }] }));
    const source = createSource();
    await source.refresh();
    expect(kids(source)).toEqual(["first", "first"]);
    expect(source.state.set?.problems).toEqual([expect.stringMatching(/"stolen".*private/)]);
  });

  test("shows nobody the secrets of an address, and tells two apart by them", async () => {
    const url = server.url().replace("://", "://ann:hidden@");
    const spec = { kind: "url", url: `${url}?token=hidden#hidden`, issuer: undefined } as const;
    const path = `${new URL(url).pathname}?token=hidden`;
    server.answer(toAnswer(FIRST), path);
    const source = createSource(spec);
    await source.refresh();
    expect(kids(source)).toEqual(["first"]);
    expect(source.state.name).toBe(server.url());
    server.answer({ kind: "bytes", bytes: Buffer.from("HTTP/1.1 500 No\r\n\r\n") }, path);
    await source.refresh();
    expect(source.state.error).toBeDefined();
    expect(JSON.stringify(source.state)).not.toContain("hidden");
    const [same, other] = [spec, { ...spec, url: `${url}?token=other` }].map((one) =>
      createSource(one),
    );
    await same?.restore();
    await other?.restore();
    expect([same, other].map((one) => one?.state.set?.keys.length)).toEqual([1, undefined]);
  });

  test("reads once where several ask at the same time", async () => {
    server.answer({ ...toAnswer(FIRST), delayMs: 30 } as KeyAnswer);
    const source = createSource();
    const answers = await Promise.all([source.refresh(), source.refresh(), source.refresh()]);
    expect(answers).toEqual([true, true, true]);
    expect(server.fetches).toHaveLength(1);
  });

  test("asks with the validator of what it has, and takes 304 for a success", async () => {
    server.answer(toAnswer(FIRST, { headers: ['etag: "v1"', "cache-control: max-age=60"] }));
    const source = createSource();
    await source.refresh();
    expect(sentEtag()).toBeUndefined();
    expect(source.state.maxAgeSeconds).toBe(60);
    server.answer(toAnswer("", { status: "304 Not Modified" }));
    now += 50;
    expect(await source.refresh()).toBe(false);
    expect(sentEtag()).toBe('"v1"');
    expect(source.state).toMatchObject({ fetchedAtSeconds: NOW + 50, error: undefined });
    expect(kids(source)).toEqual(["first"]);
  });

  test("does not show the validator of a body that it did not take", async () => {
    server.answer(toAnswer("garbage", { headers: ['etag: "bad"'] }));
    const source = createSource();
    await source.refresh();
    await source.refresh();
    expect(sentEtag()).toBeUndefined();
    server.answer(toAnswer(FIRST));
    await source.refresh();
    expect(kids(source)).toEqual(["first"]);
  });

  test("does not show one address the validator of another", async () => {
    const issuer = server.url("");
    const discover = (path: string) =>
      server.answer(
        toAnswer({ issuer, jwks_uri: server.url(path) }),
        "/.well-known/openid-configuration",
      );
    const headers = ['etag: "v1"'];
    server.answer(toAnswer(FIRST, { headers }), "/old");
    server.answer(toAnswer(SECOND, { headers }), "/new");
    const source = createSource({ kind: "oidc", issuer });
    discover("/old");
    await source.refresh();
    await source.refresh();
    expect(sentEtag()).toBe('"v1"');
    discover("/new");
    expect(await source.refresh()).toBe(true);
    expect(sentEtag()).toBeUndefined();
    expect(kids(source)).toEqual(["second"]);
  });

  test("says that keys changed also where they cannot be kept on disk", async () => {
    const source = createSource(undefined, { read: async () => undefined, write: rejectAsFull });
    expect(await source.refresh()).toBe(true);
    expect(kids(source)).toEqual(["first"]);
    server.answer(toAnswer({ keys: [] }));
    expect(await source.refresh()).toBe(true);
    expect(kids(source)).toEqual([]);
    expect(source.state).toMatchObject({ failures: 0, error: expect.stringContaining("ENOSPC") });
  });

  test("binds the keys of an issuer's source to it", async () => {
    const source = createSource({ kind: "url", url: server.url(), issuer: "https://a" });
    await source.refresh();
    expect(source.state.set?.keys).toMatchObject([{ issuer: "https://a" }]);
  });
});

function write(text: string | Buffer): KeySourceSpec {
  const path = join(folder, "keys.json");
  writeFileSync(path, text);
  return { kind: "file", path, issuer: undefined };
}

describe("a file as a source", () => {
  test.each([
    ["half-written", JSON.stringify([first.entry]).slice(0, 40)],
    ["empty", ""],
    ["too large", JSON.stringify([first.entry]) + " ".repeat(70_000)],
    ["not UTF-8", Buffer.from([0x5b, 0xe9, 0x5d])],
    ["marked with a byte order mark", `\ufeff[]`],
  ])("changes nothing while it is %s", async (_, text) => {
    const source = createSource(write(JSON.stringify([first.entry])));
    expect(await source.refresh()).toBe(true);
    write(text);
    expect(await source.refresh()).toBe(false);
    expect(kids(source)).toEqual(["first"]);
    expect(source.state.failures).toBe(1);
    write(JSON.stringify([second.entry]));
    expect(await source.refresh()).toBe(true);
    expect(kids(source)).toEqual(["second"]);
  });

  test("keeps its last good set where it is gone", async () => {
    const source = createSource(write(JSON.stringify([first.entry])));
    await source.refresh();
    rmSync(join(folder, "keys.json"));
    expect(await source.refresh()).toBe(false);
    expect(kids(source)).toEqual(["first"]);
    expect(source.state.error).toBe("it cannot be read (ENOENT)");
  });
});

describe("KeySource.restore", () => {
  test("takes up the last good set of an earlier run, with its age", async () => {
    await createSource().refresh();
    now += 500;
    await server.down();
    const source = createSource();
    await source.restore();
    await source.refresh();
    expect(kids(source)).toEqual(["first"]);
    expect(source.state).toMatchObject({ fetchedAtSeconds: NOW, failures: 1 });
    await server.up();
  });

  test("never goes back behind what was read meanwhile", async () => {
    await createSource().refresh();
    server.answer(toAnswer(SECOND));
    const source = createSource();
    await source.refresh();
    await source.restore();
    expect(kids(source)).toEqual(["second"]);
  });

  test("takes up nothing of another source, of garbage, or of the future", async () => {
    await createSource().refresh();
    const other = createSource({ kind: "url", url: server.url("/other"), issuer: undefined });
    await other.restore();
    expect(other.state.set).toBeUndefined();

    const read = async () => ({ text: "garbage", fetchedAtSeconds: NOW });
    const garbage = createSource(undefined, { read, write: async () => undefined });
    await garbage.restore();
    expect(garbage.state.set).toBeUndefined();

    now = NOW - 3600;
    const early = createSource();
    await early.restore();
    expect(early.state.set).toBeUndefined();
    now = NOW - 5;
    const close = createSource();
    await close.restore();
    expect(kids(close)).toEqual(["first"]);
  });
});
