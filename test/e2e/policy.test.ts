import { afterAll, beforeAll, describe, test } from "bun:test";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectRefused, expectValid } from "../helpers/expect-verdict.ts";
import { mint } from "../helpers/mint.ts";
import { claims, createKeys, nowSeconds } from "../helpers/tokens.ts";

const keys = createKeys();

/** One setting, what passes under it and what does not. */
const POLICIES: readonly {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly accepted: readonly Record<string, unknown>[];
  readonly refused: readonly (readonly [Record<string, unknown>, string, string])[];
}[] = [
  {
    name: "JWT_LEGACY=reject",
    env: { JWT_LEGACY: "reject" },
    accepted: [{ st: 1 }, { st: true }, { st: "x" }],
    refused: [
      [{}, "E_TKN_LEGACY", "legacy"],
      [{ st: 0 }, "E_TKN_LEGACY", "legacy"],
      [{ st: false }, "E_TKN_LEGACY", "legacy"],
      [{ st: null }, "E_TKN_LEGACY", "legacy"],
      [{ st: "" }, "E_TKN_LEGACY", "legacy"],
    ],
  },
  {
    name: "a refresh token",
    env: {},
    accepted: [{ st: 1 }, { irt: 0, st: 1 }, { irt: false, st: 1 }],
    refused: [
      [{ irt: 1, st: 1 }, "E_TKN_ACCESS_TOKEN_REQUIRED", "refresh_token"],
      [{ irt: true, st: 1 }, "E_TKN_ACCESS_TOKEN_REQUIRED", "refresh_token"],
    ],
  },
  {
    name: "JWT_MAX_TOKEN_AGE=600",
    env: { JWT_MAX_TOKEN_AGE: "600" },
    accepted: [{ iat: nowSeconds() - 60 }],
    refused: [
      [{ iat: nowSeconds() - 3600 }, "E_TKN_INVALID", "expired"],
      [{ iat: 0 }, "E_TKN_INVALID", "expired"],
      [{ iat: undefined }, "E_TKN_INVALID", "claim"],
    ],
  },
  {
    name: "JWT_REQUIRED_CLAIMS=tenant,sub",
    env: { JWT_REQUIRED_CLAIMS: "tenant,sub" },
    accepted: [{ tenant: "a" }, { tenant: 0 }, { tenant: "" }],
    refused: [
      [{}, "E_TKN_INVALID", "claim"],
      [{ tenant: "a", sub: undefined }, "E_TKN_INVALID", "claim"],
      [{ a: { tenant: "x" } }, "E_TKN_INVALID", "claim"],
    ],
  },
  {
    name: "JWT_REQUIRE_EXP=false",
    env: { JWT_REQUIRE_EXP: "false" },
    accepted: [{ exp: undefined }],
    refused: [
      [{ exp: 1 }, "E_TKN_INVALID", "expired"],
      [{ exp: null }, "E_TKN_INVALID", "claim"],
      [{ exp: "soon" }, "E_TKN_INVALID", "claim"],
    ],
  },
];

describe.each([...POLICIES])("$name", ({ env, accepted, refused }) => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, { keys, serverEnv: env });
  });
  afterAll(() => stack.disposeAsync());

  test.each([...accepted])("accepts a token with %j", async (more) => {
    expectValid(await edge.ask(mint(keys.rs, claims(more))));
  });

  test.each([...refused])("refuses a token with %j: %s, %s", async (more, reason, detail) => {
    const token = mint(keys.rs, claims(more));
    expectRefused(await edge.ask(token), { reason, detail }, token);
    expectRefused(await edge.ask(token), { reason, detail }, token);
  });
});
