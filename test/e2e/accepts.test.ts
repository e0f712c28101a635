import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectValid } from "../helpers/expect-verdict.ts";
import { mint } from "../helpers/mint.ts";
import { claims, createKeys, GOOD_TOKENS } from "../helpers/tokens.ts";

const keys = createKeys();

describe.each([true, false])("a good token, with keys in HAProxy: %p", (verifiesInHaproxy) => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, { keys, verifiesInHaproxy });
  });
  afterAll(() => stack.disposeAsync());

  test.each([...GOOD_TOKENS])("of $name is accepted, its claims byte for byte", async (kind) => {
    const text = `{ "b":1,"a" : [1e2, 12345678901234567890, "\\u00e9é\\/"],${JSON.stringify(claims()).slice(1)}`;
    const token = await kind.make(keys, text);
    const first = expectValid(await edge.ask(token), text);
    const known = expectValid(await edge.ask(token), text);
    expect(known).toEqual(first);
    expect(first.detail).toBeUndefined();
    expect(first.header === undefined).toBe(kind.name !== "JWE dir");
  });

  test("carries the protected header of a JWE", async () => {
    const [jwe] = GOOD_TOKENS.filter(({ name }) => name === "JWE dir");
    const token = (await jwe?.make(keys, JSON.stringify(claims()))) ?? "";
    const header = Buffer.from(token.split(".")[0] ?? "", "base64url").toString();
    expect(expectValid(await edge.ask(token)).header).toBe(header);
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
    const identity = expectValid(await edge.ask(mint(keys.rs, text)));
    expect([identity.stateless, identity.legacy]).toEqual(
      isStateless ? ["1", undefined] : [undefined, "1"],
    );
  });
});
