import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync } from "node:zlib";
import { fetchText, FetchTextError } from "../../src/jwks/fetch-text.ts";
import {
  type KeyAnswer,
  type KeySource,
  startKeySource,
  toAnswer,
  toGzipBomb,
  toHalfAnswer,
  toRedirect,
} from "../helpers/key-source.ts";

const stack = new AsyncDisposableStack();
let source: KeySource;
let canary: KeySource;
beforeAll(async () => {
  source = await startKeySource(stack);
  canary = await startKeySource(stack);
});
afterAll(() => stack.disposeAsync());

const MAX_BYTES = 64 * 1024;

async function ask(etag?: string, timeoutMs = 5000) {
  return fetchText(source.url(), { timeoutMs, maxBytes: MAX_BYTES, etag });
}

async function failure(timeoutMs?: number): Promise<string> {
  const error = await ask(undefined, timeoutMs).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(FetchTextError);
  return error instanceof Error ? error.message : "";
}

function raw(text: string): KeyAnswer {
  return { kind: "bytes", bytes: Buffer.from(text, "latin1") };
}

describe("fetchText", () => {
  test("takes a body of exactly the size allowed", async () => {
    source.answer(toAnswer("x".repeat(MAX_BYTES)));
    expect((await ask()).text).toHaveLength(MAX_BYTES);
  });

  test("takes UTF-8 as it is, and a compressed body of honest size", async () => {
    source.answer(toAnswer("ключ 🔑"));
    expect((await ask()).text).toBe("ключ 🔑");
    source.answer(toGzipBomb("[]", 1000));
    expect((await ask()).text).toHaveLength(1002);
  });

  const bomb = Buffer.alloc(16 * 1024 * 1024, 0x20);
  test.each<readonly [name: string, answer: KeyAnswer, message: RegExp]>([
    ["404", toAnswer("no", { status: "404 Not Found" }), /answered 404/],
    ["500 with JSON", toAnswer([], { status: "500 Oh" }), /answered 500/],
    ["204", raw("HTTP/1.1 204 No Content\r\n\r\n"), /answered 204/],
    ["206", toAnswer("[]", { status: "206 Partial Content" }), /answered 206/],
    ["304 that nobody asked for", raw("HTTP/1.1 304 Not Modified\r\n\r\n"), /answered 304/],
    ["a byte too many", toAnswer("x".repeat(MAX_BYTES + 1)), /larger than/],
    ["a gzip bomb", toGzipBomb("[]", bomb.length), /larger than/],
    [
      "a brotli bomb",
      toAnswer(brotliCompressSync(bomb), { headers: ["content-encoding: br"] }),
      /larger than/,
    ],
    [
      "a deflate bomb",
      toAnswer(deflateSync(bomb), { headers: ["content-encoding: deflate"] }),
      /larger than/,
    ],
    ["half a body", toHalfAnswer({ keys: ["x".repeat(50)] }), /./],
    ["bytes that are not UTF-8", toAnswer(Buffer.from([0x22, 0xe9, 0x22])), /UTF-8/],
    ["what is not HTTP", raw("<html>"), /./],
    ["nothing", raw(""), /./],
    ["gzip that is none", toAnswer("[]", { headers: ["content-encoding: gzip"] }), /./],
  ])("refuses %s", async (_, answer, message) => {
    source.answer(answer);
    expect(await failure()).toMatch(message);
    source.answer(toAnswer("[]"));
    expect((await ask()).text).toBe("[]");
  });

  test("does not follow a redirect, to wherever it leads", async () => {
    canary.answer(toAnswer("[]"));
    for (const target of [canary.url(), source.url("/other"), "//evil.example/", "file:///etc"]) {
      source.answer(toRedirect(target));
      expect(await failure()).toMatch(/answered 302/);
    }
    expect(canary.fetches).toEqual([]);
    expect(source.fetches).not.toContain("/other");
  });

  test.each<readonly [name: string, answer: KeyAnswer]>([
    ["says nothing", { kind: "silence" }],
    [
      "drips its header",
      {
        kind: "drip",
        bytes: Buffer.from(`HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(999)}`),
        size: 6,
        everyMs: 5,
      },
    ],
    [
      "drips its body",
      {
        kind: "drip",
        bytes: Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n${"x".repeat(9999)}`),
        size: 50,
        everyMs: 20,
      },
    ],
  ])("gives up in time on one that %s", async (_, answer) => {
    source.answer(answer);
    const started = performance.now();
    expect(await failure(150)).toMatch(/within 150 ms/);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test("says that a source is down", async () => {
    await source.down();
    expect(await failure()).toMatch(/cannot be reached/);
    await source.up();
  });

  test("shows the validator it has, and takes 304 for what it has", async () => {
    source.answer(toAnswer("[]", { headers: ['etag: "v1"', "cache-control: max-age=60"] }));
    expect(await ask()).toEqual({ text: "[]", etag: '"v1"', maxAgeSeconds: 60 });
    source.answer(raw("HTTP/1.1 304 Not Modified\r\ncache-control: max-age=7\r\n\r\n"));
    expect(await ask('"v1"')).toEqual({ text: undefined, etag: '"v1"', maxAgeSeconds: 7 });
    const asked = source.requests.at(-1)?.fields.find(([name]) => /if-none-match/i.test(name));
    expect(asked?.[1]).toBe('"v1"');
  });

  test.each([
    ["max-age=300", 300],
    ["public, max-age=300, must-revalidate", 300],
    ["MAX-AGE=5", 5],
    ["s-maxage=10", undefined],
    ["s-maxage=10, max-age=20", 20],
    ["max-age=-1", undefined],
    ["max-age=1e3", undefined],
    ["max-age=", undefined],
    ["max-age=99999999999", undefined],
    ["no-store", undefined],
  ])("reads Cache-Control %p as %p", async (value, seconds) => {
    source.answer(toAnswer("[]", { headers: [`cache-control: ${value}`] }));
    expect((await ask()).maxAgeSeconds).toBe(seconds);
  });
});
