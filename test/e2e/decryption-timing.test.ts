import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { createDecryptionKey, encrypt } from "../helpers/decryption-keys.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { encryptByHand } from "../helpers/jwe-parts.ts";
import { takeMessage } from "../helpers/http-message.ts";
import { splitToken, withPart } from "../helpers/mint.ts";
import { openConnection, type RawConnection } from "../helpers/raw-client.ts";
import { claims } from "../helpers/tokens.ts";

const key = createDecryptionKey("dir", "A256CBC-HS512", "cbc");
const wrap = createDecryptionKey("A256KW", "A256CBC-HS512", "wrap");
const ROUNDS = process.env["FULL"] === undefined ? 2000 : 10_000;
const TOLERANCE = 0.05;

/** A token of a key with the first byte of a part changed. */
async function damaged(part: number): Promise<string> {
  const token = await encrypt(key, claims());
  const bytes = Buffer.from(splitToken(token)[part] ?? "", "base64url");
  bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
  return withPart(token, part, bytes.toString("base64url"));
}

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
    edge = await startEdge(stack, { decryptFile: { keys: [key.jwk, wrap.jwk] } });
  });
  afterAll(() => stack.disposeAsync());

  test("says the same and takes the same time, whatever was wrong", async () => {
    const header = { alg: "dir", enc: key.enc, kid: key.kid };
    const size = Buffer.from(String(key.jwk["k"]), "base64url").length;
    const failures = new Map([
      ["a bad tag", await damaged(4)],
      ["changed text", await damaged(3)],
      ["a changed iv", await damaged(2)],
      ["another key", encryptByHand(randomBytes(size), key.enc, header, claims())],
    ]);
    // The control: it is the damage that is refused.
    expect(await edge.server.judge(await encrypt(key, claims()))).toMatchObject({ valid: "1" });
    for (const token of failures.values()) {
      const { valid, reason, detail } = await edge.server.judge(token);
      expect([valid, reason, detail]).toEqual(["0", "E_TKN_INVALID", "decrypt"]);
    }
    // The machine's own noise can be larger than what is looked for; a leak is there every time.
    let spread = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 4 && spread > TOLERANCE; attempt++) {
      spread = Math.min(spread, await measureSpread([...failures.values()]));
    }
    expect(spread).toBeLessThanOrEqual(TOLERANCE);
  }, 300_000);

  /** How far the slowest kind's median lies above the fastest's, as a share; the kinds are asked in turn. */
  const measureSpread = async (tokens: readonly string[]): Promise<number> => {
    const connection = await openConnection(edge.server.port);
    const times = tokens.map((): number[] => []);
    for (let round = -200; round < ROUNDS; round++) {
      for (const [i, token] of tokens.entries()) {
        // Another last byte each time, so that nothing remembers the token.
        const last = (round + 200).toString(36).padStart(4, "0");
        const tookMs = await ask(connection, withPart(token, 2, fresh(token, last)));
        if (round >= 0) times[i]?.push(tookMs);
      }
    }
    connection.close();
    const medians = times.map(
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
