/** The key sources as the API shows them. */
import { afterAll, expect, test } from "bun:test";
import { ringOf } from "../../core/token/judging.ts";
import { createSecretKey, createSigningKey } from "../../helpers/signing-keys.ts";
import { createHarness, NOW } from "./harness.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

test("a key is shown with the algorithm it declares, and those that it may verify", async () => {
  const secret = "only-for-those-who-have-the-key-0123";
  const { keys } = await ringOf([
    createSigningKey("RS256", "declared").jwk,
    createSigningKey("RS256", "undeclared").entry,
    createSecretKey("HS256", "hs", secret).entry,
  ]);
  const source = { name: "a", kind: "file", problems: [], error: undefined, nextInMs: 1 } as const;
  const harness = await createHarness(stack, {
    keys: {
      list: () => [{ ...source, keys, fetchedAtSeconds: NOW }],
      syncNow: async () => undefined,
    },
  });
  const answer = await harness.ask("GET", "/keys", { as: "viewer" });
  const rsa = ["RS256", "RS384", "RS512"];
  const [shown] = answer.body["items"] as readonly { keys: readonly Record<string, unknown>[] }[];
  expect(shown?.keys.map(({ kid, alg, algorithms }) => [kid, alg, algorithms])).toEqual([
    ["declared", "RS256", ["RS256"]],
    ["undeclared", undefined, rsa],
    ["hs", undefined, ["HS256"]],
  ]);
  expect(answer.text).not.toContain(secret);
});
