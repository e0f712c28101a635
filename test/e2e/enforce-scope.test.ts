/** The rule for a scope that enforce.cfg has as a comment: it does what the comment says, once it is taken in. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Answer } from "../helpers/answer.ts";
import { writeChangedConfig } from "../helpers/broken-lua.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectRefused, expectValid } from "../helpers/expect-verdict.ts";
import { valuesOf } from "../helpers/http-message.ts";
import { mint } from "../helpers/mint.ts";
import { toRequest } from "../helpers/raw-client.ts";
import { claims, createKeys, expiredToken } from "../helpers/tokens.ts";

const keys = createKeys();

describe("enforce.cfg with its rule for a scope", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    const plain = await startEdge(stack, { keys });
    const config = writeChangedConfig(plain.folder, "enforce.cfg", [
      ["  #   acl may_write ", "  acl may_write "],
      ["  #   http-request deny deny_status 403 ", "  http-request deny deny_status 403 "],
    ]);
    edge = await plain.beside({
      config,
      haproxyEnv: { JWT_CLAIM_VARS: "username,sub,scope" },
    });
  });
  afterAll(() => stack.disposeAsync());

  const ask = (scope: unknown, method = "POST", path = "/orders/1"): Promise<Answer> => {
    const token = mint(keys.rs, claims({ scope }));
    const request = toRequest([`authorization: Bearer ${token}`], path);
    return edge.send(request.replace("GET ", `${method} `));
  };

  test.each([
    "orders:write",
    "orders:write orders:read",
    "orders:read orders:write",
    "openid orders:write profile",
    "orders:writer orders:write xorders:write",
    "[x] orders:write",
  ])("passes a write with the scope in %j", async (scope) => {
    // Twice: as new and as known.
    for (let time = 0; time < 2; time++) expectValid(await ask(scope));
  });

  test.each([
    [undefined],
    [""],
    ["orders:read"],
    ["xorders:write"],
    ["orders:writer"],
    ["orders:write:all"],
    ["my-orders:write"],
    ["xorders:write orders:writer"],
    ["ORDERS:WRITE"],
    ["orders write"],
    ["orders:write,orders:read"],
    ["orders:read\torders:write"],
    ["orders:read\n orders:write \n"],
    ['no " orders:write '],
    [["orders:write"]],
    [["orders:read", "orders:write"]],
    [["orders:read orders:write orders:list"]],
    [{ note: "without orders:write here" }],
    [1],
    [true],
    [null],
  ])(
    "answers 403 to a write with the scope %j, and names the one that is wanted",
    async (scope) => {
      const answer = await ask(scope);
      expect([answer.status, answer.delivered]).toEqual([403, undefined]);
      expect(valuesOf(answer.response?.fields ?? [], "www-authenticate")).toEqual([
        'Bearer error="insufficient_scope", scope="orders:write"',
      ]);
      // The controls: to read it, or to write elsewhere, takes no scope.
      expectValid(await ask(scope, "GET"));
      expectValid(await ask(scope, "POST", "/other"));
    },
  );

  test("answers 401 and not 403 where the token itself does not hold", async () => {
    for (const lines of [[], [`authorization: Bearer ${expiredToken(keys)}`]]) {
      const answer = await edge.send(toRequest(lines, "/orders").replace("GET ", "POST "));
      expect([answer.status, answer.delivered]).toEqual([401, undefined]);
    }
  });

  test("passes a preflight, which can have no scope", async () => {
    const lines = ["origin: https://app.test", "access-control-request-method: POST"];
    const preflight = toRequest(lines, "/orders/1").replace("GET ", "OPTIONS ");
    expectRefused(await edge.send(preflight), { detail: "missing" });
  });
});
