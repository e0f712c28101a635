/** Ways for a key source to say nothing that counts: the keys it gave before stay, and no others come. */
import {
  type KeyAnswer,
  type KeySource,
  toAnswer,
  toGzipBomb,
  toHalfAnswer,
  toRedirect,
} from "./key-source.ts";
import type { SigningKey } from "./signing-keys.ts";

export type Misbehaviour = readonly [name: string, answer: (source: KeySource) => KeyAnswer];

/** Spaces, one after the other, that never come to be a key set. */
export const DRIP: KeyAnswer = {
  kind: "drip",
  bytes: Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n${" ".repeat(4000)}`),
  size: 1,
  everyMs: 200,
};

/**
 * Answers, most of them with keys in it, that come to an end by themselves or are given up.
 *
 * @param good a key that the source gave before
 * @param bad one that must not come to count
 */
export function createMisbehaviours(good: SigningKey, bad: SigningKey): readonly Misbehaviour[] {
  const huge = { keys: [bad.jwk, { ...bad.jwk, kid: "x", note: "x".repeat(20 << 20) }] };
  return [
    ["garbage", () => toAnswer("<html>not keys</html>")],
    ["bytes that are no text", () => toAnswer(Buffer.from([0, 255, 254, 1]))],
    ["nothing", () => toAnswer("")],
    ["null", () => toAnswer("null")],
    ["a number", () => toAnswer("42")],
    ["an object without keys", () => toAnswer({ jwks: [bad.jwk] })],
    ["keys that are no list", () => toAnswer({ keys: { a: bad.jwk } })],
    ["half a set, cut on the wire", () => toHalfAnswer({ keys: [bad.jwk, good.jwk] })],
    [
      "half a set, as a file cut in writing",
      () => toAnswer(JSON.stringify({ keys: [bad.jwk] }).slice(0, -10)),
    ],
    ["a status of 500 with a set", () => toAnswer({ keys: [bad.jwk] }, { status: "500 Oops" })],
    [
      "a status of 404 with a set",
      () => toAnswer({ keys: [bad.jwk] }, { status: "404 Not Found" }),
    ],
    [
      "a status of 206 with a set",
      () => toAnswer({ keys: [bad.jwk] }, { status: "206 Partial Content" }),
    ],
    ["20 MB", () => toAnswer(huge)],
    ["a redirect", (source) => toRedirect(source.url("/elsewhere"))],
    ["a redirect to another scheme", () => toRedirect("file:///etc/passwd")],
    ["a gzip bomb", () => toGzipBomb({ keys: [bad.jwk] }, 200 << 20)],
    ["silence", () => ({ kind: "silence" })],
  ];
}
