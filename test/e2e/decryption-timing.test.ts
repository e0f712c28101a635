import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { damaged, forAnother, nest, withShortKey } from "../helpers/damaged-jwe.ts";
import { createDecryptionKey, encrypt } from "../helpers/decryption-keys.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { encryptByHand } from "../helpers/jwe-parts.ts";
import { takeMessage } from "../helpers/http-message.ts";
import { mint, splitToken, withPart } from "../helpers/mint.ts";
import { openConnection, type RawConnection } from "../helpers/raw-client.ts";
import { createSigningKey } from "../helpers/signing-keys.ts";
import { claims } from "../helpers/tokens.ts";

const key = createDecryptionKey("dir", "A256CBC-HS512", "cbc");
const inner = createSigningKey("ES256", "inner");
const isFull = process.env["FULL"] !== undefined;
const ROUNDS = isFull ? 10_000 : 2000;
const ROUNDS_OF_A_FAMILY = isFull ? 4000 : 600;
const WARM_UP = 200;
const TOLERANCE = 0.05;

/** One of each way to wrap a content key, and the others of its family. */
const FAMILIES: readonly (readonly string[])[] = [
  ["A128KW", "A192KW", "A256KW"],
  ["A256GCMKW", "A128GCMKW", "A192GCMKW"],
  ["RSA-OAEP", "RSA-OAEP-256"],
  ["ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"],
];
// With GCM there is the least work beside that of the content key, so that a difference shows most.
const wrapping = FAMILIES.flatMap((family) =>
  (isFull ? family : family.slice(0, 1)).map((alg) => createDecryptionKey(alg, "A256GCM")),
);

/** Posts a token to the server itself; the milliseconds until its whole answer. */
async function ask(connection: RawConnection, token: string): Promise<number> {
  const head = `POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/jwt\r\ncontent-length: ${token.length}\r\n\r\n`;
  const startedAt = performance.now();
  connection.write(head + token);
  const response = await connection.response();
  const tookMs = performance.now() - startedAt;
  if (response === undefined) throw new Error("the server hung up");
  expect(takeMessage(response.bytes, "response")).toBeDefined();
  return tookMs;
}

describe("decryption that fails", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, {
      decryptFile: { keys: [key, ...wrapping].map(({ jwk }) => jwk) },
      keyFile: { keys: [inner.jwk] },
    });
  });
  afterAll(() => stack.disposeAsync());

  test("says the same and takes the same time, whatever was wrong", async () => {
    const header = { alg: "dir", enc: key.enc, kid: key.kid };
    const size = Buffer.from(String(key.jwk["k"]), "base64url").length;
    const token = await encrypt(key, claims());
    await expectAlike(token, ROUNDS, [
      damaged(token, 4),
      damaged(token, 3),
      damaged(token, 2),
      encryptByHand(randomBytes(size), key.enc, header, claims()),
    ]);
  }, 300_000);

  test.each([...wrapping])(
    "says the same and takes the same time with $alg, whether the wrapped key or the tag is bad",
    async (to) => {
      const signed = mint(inner, claims());
      const token = await nest(to, signed);
      await expectAlike(token, ROUNDS_OF_A_FAMILY, [
        damaged(token, 4),
        damaged(token, 1),
        await forAnother(to, signed),
        // RFC 7516 §11.5 wants this one, too, to go on with a key of chance.
        await withShortKey(to, signed),
      ]);
    },
    300_000,
  );

  /** All of the damaged tokens are refused alike, and the good one is not. */
  const expectAlike = async (
    good: string,
    rounds: number,
    failures: readonly string[],
  ): Promise<void> => {
    // The control: it is the damage that is refused.
    expect(await edge.server.judge(good)).toMatchObject({ valid: "1" });
    for (const token of failures) {
      const { valid, reason, detail } = await edge.server.judge(token);
      expect([valid, reason, detail]).toEqual(["0", "E_TKN_INVALID", "decrypt"]);
    }
    // The machine's own noise can be larger than what is looked for; a leak is there every time.
    let spread = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 6 && spread > TOLERANCE; attempt++) {
      spread = Math.min(spread, await measureSpread(failures, rounds));
    }
    expect(spread).toBeLessThanOrEqual(TOLERANCE);
  };

  /**
   * How far the slowest kind's median lies above the fastest's, as a share; the kinds are asked in turn. A time counts
   * as its part of its round's: what else the machine does meanwhile slows all the kinds of a round down.
   */
  const measureSpread = async (tokens: readonly string[], rounds: number): Promise<number> => {
    const connection = await openConnection(edge.server.port);
    const parts = tokens.map((): number[] => []);
    for (let round = -WARM_UP; round < rounds; round++) {
      // Another last byte each time, so that nothing remembers the token.
      const last = (round + WARM_UP).toString(36).padStart(4, "0");
      const times: number[] = [];
      for (let turn = 0; turn < tokens.length; turn++) {
        // Each comes first in its turn: whoever does may find a processor that slept.
        const i = (WARM_UP + round + turn) % tokens.length;
        const token = tokens[i] ?? "";
        times[i] = await ask(connection, withPart(token, 2, fresh(token, last)));
      }
      const whole = times.reduce((sum, tookMs) => sum + tookMs, 0);
      if (round >= 0) for (const [i, tookMs] of times.entries()) parts[i]?.push(tookMs / whole);
    }
    connection.close();
    const medians = parts.map(
      (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0,
    );
    return Math.max(...medians) / Math.min(...medians) - 1;
  };
});

/** The token's iv with some of its characters replaced; still sixteen bytes. */
function fresh(token: string, text: string): string {
  const iv = splitToken(token)[2] ?? "";
  return iv.slice(0, 4) + text + iv.slice(4 + text.length);
}
