/** Tokens of exactly JWT_MAX_TOKEN_BYTES, and of one byte more: as shipped, and with the largest value it takes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { encrypt } from "../../helpers/decryption-keys.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { headerOf, mint } from "../../helpers/mint.ts";
import { askRouted, waitUntilRemembering, writeRoutedConfig } from "../../helpers/routes.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();

/** A token and what was signed or encrypted in it. */
interface Sized {
  readonly token: string;
  readonly text: string;
}

/** How a kind is made of claims and a header with one member more, whose length is free. */
type Make = (text: string, more: Readonly<Record<string, string>>) => string | Promise<string>;

const KINDS: readonly { readonly kind: string; readonly isJwe: boolean; readonly make: Make }[] = [
  {
    kind: "a JWS",
    isJwe: false,
    make: (text, more) => mint(keys.hs, text, { ...headerOf(keys.hs), ...more }),
  },
  { kind: "a JWE", isJwe: true, make: (text, more) => encrypt(keys.dir, text, more) },
];

/** base64url and the cipher's blocks leave gaps between the lengths; a longer header closes them. */
async function ofLength(bytes: number, make: Make): Promise<Sized> {
  const bare = (await make(JSON.stringify(claims({ pad: "" })), { x: "" })).length;
  const about = Math.floor((bytes - bare) * 0.75);
  for (let header = 0; header < 32; header++) {
    for (let pad = about - 32; pad <= about + 4; pad++) {
      const text = JSON.stringify(claims({ pad: "p".repeat(pad) }));
      const token = await make(text, { x: "x".repeat(header) });
      if (token.length === bytes) return { token, text };
      if (token.length > bytes) break;
    }
  }
  throw new Error(`nothing gives ${bytes} bytes`);
}

describe.each([8192, 65_536])("a token of JWT_MAX_TOKEN_BYTES = %d", (limit) => {
  const stack = new AsyncDisposableStack();
  const encodings = new Map<string, readonly Edge[]>();
  beforeAll(async () => {
    // The default stays unsaid, so that it is what is shipped.
    const haproxyEnv = limit === 8192 ? {} : { JWT_MAX_TOKEN_BYTES: String(limit) };
    const serverEnv = { JWT_MAX_TOKEN_BYTES: String(limit) };
    const edge = await startEdge(stack, { keys, serverEnv });
    for (const encoding of ["json", "base64url"]) {
      const env = { ...haproxyEnv, JWT_BODY_ENCODING: encoding };
      const front = (name: string, verifiesInHaproxy: boolean) => {
        const config = writeRoutedConfig(edge.folder, name);
        return edge.beside({ config, haproxyEnv: env, threads: 1, verifiesInHaproxy });
      };
      const edges = [await front("haproxy.cfg", true), await front("enforce.cfg", false)];
      for (const one of edges) await waitUntilRemembering(one, mint(keys.rs, claims()));
      encodings.set(encoding, edges);
    }
  });
  afterAll(() => stack.disposeAsync());

  describe.each([...KINDS])("$kind", ({ make, isJwe }) => {
    test.each(["json", "base64url"])(
      "is accepted at that length, new and known, with all its claims as %s",
      async (encoding) => {
        for (const edge of encodings.get(encoding) ?? []) {
          const { token, text } = await ofLength(limit, make);
          const body = encoding === "json" ? text : Buffer.from(text).toString("base64url");
          // A JWE has a header more than the look-up can bring.
          for (const expected of ["question", isJwe ? "memory" : "look-up"] as const) {
            const { answer, route } = await askRouted(edge, token);
            expect(route).toBe(expected);
            expectValid(answer, body);
          }
          expect(await edge.server.judge(token)).toMatchObject({ valid: "1" });
        }
        expect.assertions(2 * 7);
      },
    );

    test("has room for its claims beside all the other headers that HAProxy takes", async () => {
      const edge = encodings.get("base64url")?.[0];
      if (edge === undefined) throw new TypeError("no edge");
      const { token, text } = await ofLength(limit, make);
      const body = Buffer.from(text).toString("base64url");
      // The largest other header that HAProxy still takes is between these two.
      let [taken, refused] = [0, 32 * limit];
      while (refused - taken > 1) {
        const size = Math.floor((taken + refused) / 2);
        const { answer } = await askRouted(edge, token, [`x-other: ${"o".repeat(size)}`]);
        if (answer.delivered === undefined) {
          expect([400, 431]).toContain(answer.status);
          refused = size;
        } else {
          expectValid(answer, body);
          taken = size;
        }
      }
      expect(taken).toBeGreaterThan(limit);
    });

    test("is refused with one byte more, in HAProxy and by the server", async () => {
      const { token } = await ofLength(limit + 1, make);
      for (const [passing, enforcing] of encodings.values()) {
        if (passing === undefined || enforcing === undefined) throw new TypeError("no edges");
        for (let time = 0; time < 2; time++) {
          const { answer, route } = await askRouted(passing, token);
          expectRefused(answer, { detail: "too_large" }, token);
          // Without a question: what is too long is not even sent.
          expect(route).toBe("memory");
        }
        expect((await enforcing.ask(token)).status).toBe(401);
        const said = await passing.server.judge(token);
        expect(said).toMatchObject({ valid: "0", detail: "too_large" });
      }
    });
  });
});
