import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeChangedConfig } from "../helpers/broken-lua.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectValid } from "../helpers/expect-verdict.ts";
import { askCounted, remember } from "../helpers/known.ts";
import { mint } from "../helpers/mint.ts";
import { ACTION_MARK, routeOf } from "../helpers/routes.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";
import { claims, createKeys, GOOD_TOKENS } from "../helpers/tokens.ts";

const keys = createKeys();

describe.each([
  { config: "haproxy.cfg", verifiesInHaproxy: true },
  { config: "haproxy.cfg", verifiesInHaproxy: false },
  { config: "enforce.cfg", verifiesInHaproxy: true },
])("a good token, with $config and keys in HAProxy: $verifiesInHaproxy", (front) => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, {
      keys,
      verifiesInHaproxy: front.verifiesInHaproxy,
      config: writeChangedConfig(createTempFolder(stack), front.config, [ACTION_MARK]),
      // Each thread knows verdicts of its own.
      threads: 1,
      withCable: true,
    });
  });
  afterAll(() => stack.disposeAsync());

  test.each([...GOOD_TOKENS])(
    "of $name is accepted, new and known, byte for byte",
    async (kind) => {
      const text = `{ "b":1,"a" : [1e2, 12345678901234567890, "\\u00e9é\\/"],${JSON.stringify(claims()).slice(1)}`;
      const token = await kind.make(keys, text);
      const isJwe = kind.name === "JWE dir";
      const { answer, questions } = await askCounted(edge, token);
      expect([questions, routeOf(answer)]).toEqual([1, "action"]);
      const first = expectValid(answer, text);
      const known = await remember(edge, token);
      expect(expectValid(known, text)).toEqual(first);
      // A JWE's verdict has one header more than the look-up brings.
      expect(routeOf(known)).toBe(isJwe ? "action" : "fast path");
      expect(first.detail).toBeUndefined();
      expect(first.header !== undefined).toBe(isJwe);
    },
  );

  test("carries the protected header of a JWE", async () => {
    const [jwe] = GOOD_TOKENS.filter(({ name }) => name === "JWE dir");
    const token = (await jwe?.make(keys, JSON.stringify(claims()))) ?? "";
    const header = Buffer.from(token.split(".")[0] ?? "", "base64url").toString();
    expect(expectValid(await edge.ask(token)).header).toBe(header);
    expect(expectValid(await remember(edge, token)).header).toBe(header);
  });

  test.each([
    ["1", true],
    ["true", true],
    ['"yes"', true],
    ["0", false],
    ["false", false],
    ["null", false],
    ['""', false],
  ])("with st %s says its generation", async (st, isStateless) => {
    const text = `{"st":${st},${JSON.stringify(claims()).slice(1)}`;
    const token = mint(keys.rs, text);
    const known = await remember(edge, token);
    expect(routeOf(known)).toBe("fast path");
    for (const answer of [await edge.ask(mint(keys.hs, text)), known]) {
      const { stateless, legacy } = expectValid(answer);
      expect([stateless, legacy]).toEqual(isStateless ? ["1", undefined] : [undefined, "1"]);
    }
  });
});
