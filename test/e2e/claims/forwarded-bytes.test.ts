import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Answer, identityOf } from "../../helpers/answer.ts";
import { writeChangedConfig } from "../../helpers/broken-lua.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { encrypt } from "../../helpers/decryption-keys.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { remember } from "../../helpers/known.ts";
import { mint } from "../../helpers/mint.ts";
import { ACTION_MARK, routeOf } from "../../helpers/routes.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { claims, createKeys, nowSeconds } from "../../helpers/tokens.ts";

const keys = createKeys();
const exp = nowSeconds() + 3600;

/** Claims that must arrive as they were signed. */
const KEPT: readonly (readonly [string, string])[] = [
  [
    "numbers beyond 2^53",
    `{"cs":9007199254740993,"big":123456789012345678901234567890,"exp":${exp}}`,
  ],
  ["numbers as they were written", `{"a":1.0,"b":1e2,"c":-0,"d":0.1e-7,"exp":${exp}}`],
  ["text beyond ASCII", `{"name":"Zoë 東京 🦊 \u2028","exp":${exp}}`],
  ["escapes as they were written", `{"a":"\\u0041\\/\\n\\r\\t\\u0000","exp":${exp}}`],
  ["an empty list and an empty object", `{"a":[],"b":{},"c":null,"exp":${exp}}`],
  ["members in their order", `{"z":1,"a":2,"exp":${exp},"m":3}`],
  ["spaces", `{ "a" :  1 , "exp":${exp} }`],
  ["text that looks like a header", `{"a":"b\\r\\nx-tkn-valid: 1","exp":${exp}}`],
  ["commas and quotes", `{"a":"x, \\"y\\"; z=1","exp":${exp}}`],
  ["characters over 127 at the ends", `{"é":"é","exp":${exp}}`],
  ["names that are no identifiers", `{"a b":1,"é":2,"":3,"__proto__":4,"exp":${exp}}`],
];

describe("the claims in x-tkn-body", () => {
  const stack = new AsyncDisposableStack();
  let edges: readonly Edge[] = [];
  beforeAll(async () => {
    const front = {
      config: writeChangedConfig(createTempFolder(stack), "haproxy.cfg", [ACTION_MARK]),
      // Each thread knows verdicts of its own.
      threads: 1,
      withCable: true,
    };
    const edge = await startEdge(stack, { keys, ...front });
    edges = [edge, await edge.beside({ ...front, verifiesInHaproxy: false })];
  });
  afterAll(() => stack.disposeAsync());

  test.each([...KEPT])("keep %s, of new and of known tokens", async (_, text) => {
    for (const edge of edges) {
      for (const token of [mint(keys.hs, text), await encrypt(keys.dir, text)]) {
        await expectKept(edge, token, text);
      }
    }
  });

  test("have line breaks and tabs between tokens as spaces, and nothing else changed", async () => {
    const text = `{\r\n\t"sub": "bob",\n  "exp":${exp}\r\n}`;
    for (const edge of edges) {
      await expectKept(edge, mint(keys.hs, text), text.replaceAll(/[\r\n\t]/g, " "));
    }
  });

  test("of RFC 7519 §3.1, which hold line breaks, arrive", async () => {
    const text = `{"iss":"joe",\r\n "exp":${exp},\r\n "http://example.com/is_root":true}`;
    for (const edge of edges) {
      const identity = expectValid(await edge.ask(mint(keys.hs, text)));
      expect(identity.body).toBe(text.replaceAll("\r\n", "  "));
    }
  });

  test.each([
    ["a line feed", "\n"],
    ["a carriage return and line feed", "\r\n"],
    ["a NUL", "\0"],
    ["an escape", "\x1b"],
    ["DEL, which JSON allows and a header does not", "\x7f"],
    ["a header in disguise", "\r\nx-tkn-valid: 1\r\nx: "],
  ])("with %s inside a string split no header: the token is refused", async (_, text) => {
    const payload = `{"sub":"b${text}b","exp":${exp}}`;
    for (const edge of edges) {
      for (const token of [mint(keys.hs, payload), await encrypt(keys.dir, payload)]) {
        const answer = await edge.ask(token);
        expectRefused(answer, { detail: "malformed" }, token);
        expect(answer.delivered?.fields.length).toBeLessThan(12);
      }
    }
  });

  test("of every size arrive whole or not at all, also beside other large headers", async () => {
    for (const edge of edges) {
      for (const size of [100, 1000, 3000, 5000]) {
        const text = JSON.stringify(claims({ pad: "p".repeat(size) }));
        const known = mint(keys.hs, text);
        await remember(edge, known);
        for (const other of [0, 1000, 8000, 12_000, 16_000, 20_000]) {
          const line = `x-other: ${"o".repeat(other)}`;
          expectWholeOrNone(await edge.ask(mint(keys.hs, text), [line]), text);
          const again = await edge.ask(known, [line]);
          expectWholeOrNone(again, text);
          if (again.delivered !== undefined) expect(routeOf(again)).toBe("fast path");
        }
      }
    }
  });

  test("fit for a token of the largest size, with an ordinary request around it", async () => {
    for (const edge of edges) {
      for (const mintOne of [
        (text: string) => mint(keys.hs, text),
        (text: string) => encrypt(keys.dir, text),
      ]) {
        const text = JSON.stringify(claims({ pad: "p".repeat(5500) }));
        const token = await mintOne(text);
        expect(token.length).toBeGreaterThan(7400);
        expectValid(await edge.ask(token, [`cookie: ${"c".repeat(4000)}`]), text);
        await remember(edge, token);
        expectValid(await edge.ask(token, [`cookie: ${"c".repeat(4000)}`]), text);
      }
    }
  });
});

/** The claims arrived byte for byte; or the token was refused, or the request, for its size. */
function expectWholeOrNone(answer: Answer, text: string): void {
  if (answer.delivered === undefined) {
    expect([400, 413, 431, 500, 503]).toContain(answer.status);
    return;
  }
  if (identityOf(answer).valid === "1") expectValid(answer, text);
  else expectRefused(answer, { detail: ["too_large", "internal"] });
}

/** The claims arrive as `text`: of the new token, and of the known one on the way that its kind takes. */
async function expectKept(edge: Edge, token: string, text: string): Promise<void> {
  expectValid(await edge.ask(token), text);
  const known = await remember(edge, token);
  expectValid(known, text);
  const isJwe = token.split(".").length === 5;
  expect(routeOf(known)).toBe(isJwe ? "action" : "fast path");
}
