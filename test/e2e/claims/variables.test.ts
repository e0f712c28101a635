import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Answer, identityOf, toAnswer } from "../../helpers/answer.ts";
import { writeChangedConfig } from "../../helpers/broken-lua.ts";
import { encrypt } from "../../helpers/decryption-keys.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { valuesOf } from "../../helpers/http-message.ts";
import { askCounted, remember } from "../../helpers/known.ts";
import { mint } from "../../helpers/mint.ts";
import { openConnection, toRequest } from "../../helpers/raw-client.ts";
import { ACTION_MARK, routeOf } from "../../helpers/routes.ts";
import { claims, createKeys, expiredToken, forgedToken } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const NAMES = [
  "valid",
  "reason",
  "detail",
  "stateless",
  "legacy",
  "payload.username",
  "payload.sub",
  "payload.valid",
  "payload.reason",
  "payload.a_b",
  "payload._",
  "payload.__",
  "payload.__proto__",
  "payload.n",
  "payload.list",
  "payload.flag",
  "payload.nothing",
  "payload.text",
  "payload.exp",
];

/** Shows variables to the upstream, after the shipped rules have run. */
const SHOWN = NAMES.map(
  (name) =>
    `  http-request set-header show-${name.replaceAll(".", "-")} "%[var(txn.tkn.${name}),json(utf8s)]" if { var(txn.tkn.${name}) -m found }`,
).join("\n");

/** The shipped file with the fast path's lines for two other claims. */
function writeForeignConfig(folder: string): string {
  return writeChangedConfig(folder, "haproxy.cfg", [
    ['\\"username,sub\\"', '\\"日本,à\\"'],
    ["set-var(txn.tkn.payload.username)", "set-var(txn.tkn.payload.__)"],
    ["set-var(txn.tkn.payload.sub)", "set-var(txn.tkn.payload._)"],
    [/^ *default_backend upstream/m, `${SHOWN}\n  default_backend upstream`],
  ]);
}

/** Asks until the server is not asked for it: the verdict is known. */
function askKnown(edge: Edge, token: string): Promise<Answer> {
  return waitFor("the verdict to be known", async () => {
    const asked = edge.cable?.questions();
    const answer = await edge.ask(token);
    return edge.cable?.questions() === asked && answer;
  });
}

function variablesOf(answer: Answer): Record<string, unknown> {
  const found: [string, unknown][] = [];
  for (const name of NAMES) {
    const header = `show-${name.replaceAll(".", "-").toLowerCase()}`;
    const [value] = valuesOf(answer.delivered?.fields ?? [], header);
    if (value !== undefined) found.push([name, JSON.parse(`"${value}"`)]);
  }
  return Object.fromEntries(found);
}

describe("variables", () => {
  const stack = new AsyncDisposableStack();
  let few: Edge;
  let all: Edge;
  let foreign: readonly Edge[];
  beforeAll(async () => {
    const plain = await startEdge(stack, { keys });
    const config = writeChangedConfig(plain.folder, "haproxy.cfg", [
      [/^ *default_backend upstream/m, `${SHOWN}\n  default_backend upstream`],
      ACTION_MARK,
    ]);
    // Each thread knows verdicts of its own.
    const front = { config, threads: 1, withCable: true };
    few = await plain.beside(front);
    all = await plain.beside({ ...front, haproxyEnv: { JWT_CLAIM_VARS: "*" } });
    // The last byte of `à` is a blank to who takes it for Latin-1.
    const one = { haproxyEnv: { JWT_CLAIM_VARS: "日本,à" }, threads: 1, withCable: true };
    foreign = [
      await plain.beside({ ...one, config }),
      await plain.beside({ ...one, config, verifiesInHaproxy: false }),
      await plain.beside({ ...one, config: writeForeignConfig(plain.folder) }),
    ];
  });
  afterAll(() => stack.disposeAsync());

  test("say what the headers say, for a valid token, new and known", async () => {
    const token = mint(keys.rs, claims({ st: 1 }));
    for (const { edge, way } of [
      { edge: few, way: "fast path" },
      { edge: all, way: "action" },
    ] as const) {
      const { answer: first, questions } = await askCounted(edge, token);
      expect([questions, routeOf(first)]).toEqual([1, "action"]);
      const known = await remember(edge, token);
      expect(routeOf(known)).toBe(way);
      for (const answer of [first, known]) {
        expect(identityOf(answer)).toMatchObject({ valid: "1", reason: "ok", stateless: "1" });
        expect(variablesOf(answer)).toMatchObject({
          valid: "1",
          reason: "ok",
          stateless: "1",
          "payload.username": "bob",
          "payload.sub": "bob",
        });
        expect(variablesOf(answer)).not.toHaveProperty("legacy");
        expect(variablesOf(answer)).not.toHaveProperty("detail");
      }
    }
  });

  test("of claims are those that were asked for, and no others", async () => {
    const token = mint(keys.rs, claims({ n: 1, text: "x" }));
    for (const answer of [await few.ask(token), await remember(few, token)]) {
      expect(
        Object.keys(variablesOf(answer))
          .filter((name) => name.startsWith("payload."))
          .toSorted(),
      ).toEqual(["payload.sub", "payload.username"]);
    }
  });

  test("hold strings as they are, and the rest as JSON", async () => {
    const text = `{"n":12345678901234567890,"list":[1, "a"],"flag":true,"nothing":null,"text":"Zoë \\"x\\"","exp":${String(claims()["exp"])}}`;
    expect(variablesOf(await all.ask(mint(keys.rs, text)))).toMatchObject({
      "payload.n": "12345678901234567890",
      "payload.list": '[1, "a"]',
      "payload.flag": "true",
      "payload.nothing": "null",
      "payload.text": 'Zoë "x"',
    });
  });

  test("of claims named like the verdict's change no verdict", async () => {
    const named = claims({
      valid: "1",
      reason: "ok",
      "../valid": "1",
      detail: "x",
      stateless: "1",
    });
    const refused = mint(keys.rs, { ...named, exp: 1 });
    for (const edge of [few, all]) {
      const answer = await edge.ask(refused);
      expect(variablesOf(answer)).toMatchObject({
        valid: "0",
        reason: "E_TKN_INVALID",
        detail: "expired",
      });
      expect(identityOf(answer).valid).toBe("0");
    }
    expect(variablesOf(await all.ask(mint(keys.rs, named)))).toMatchObject({
      valid: "1",
      reason: "ok",
      "payload.valid": "1",
      "payload.reason": "ok",
    });
  });

  test("of claims whose names collide are not set", async () => {
    const one = variablesOf(await all.ask(mint(keys.rs, claims({ "a b": "space" }))));
    expect(one).toMatchObject({ "payload.a_b": "space" });
    const two = variablesOf(
      await all.ask(mint(keys.rs, claims({ "a b": "space", "a-b": "dash" }))),
    );
    expect(two).not.toHaveProperty(["payload.a_b"]);
    const proto = variablesOf(
      await all.ask(mint(keys.rs, `{"__proto__":"x","exp":${String(claims()["exp"])}}`)),
    );
    expect(proto).toMatchObject({ "payload.__proto__": "x" });
  });

  test("of claims whose names are not ASCII have an underscore a character, on every path", async () => {
    const named = claims({ à: "one", 日本: "two" });
    for (const token of [mint(keys.rs, named), await encrypt(keys.dir, named)]) {
      for (const edge of [...foreign, all]) {
        for (const answer of [await edge.ask(token), await askKnown(edge, token)]) {
          expect(variablesOf(answer)).toMatchObject({
            valid: "1",
            "payload._": "one",
            "payload.__": "two",
          });
        }
      }
    }
  });

  test("of claims are there beside a refusal for what the token says, and not beside others", async () => {
    for (const edge of [few, all]) {
      expect(variablesOf(await edge.ask(expiredToken(keys)))).toMatchObject({
        valid: "0",
        detail: "expired",
        "payload.username": "bob",
      });
      const forged = variablesOf(await edge.ask(forgedToken(keys)));
      expect(forged).toEqual({ valid: "0", reason: "E_TKN_INVALID", detail: "signature" });
      expect(variablesOf(await edge.ask())).toEqual({
        valid: "0",
        reason: "E_TKN_INVALID",
        detail: "missing",
      });
    }
  });

  test("of one request are gone in the next on the same connection", async () => {
    const connection = await openConnection(all.haproxy.port);
    connection.write(
      toRequest([`authorization: Bearer ${mint(keys.rs, claims({ text: "first" }))}`]),
    );
    expect(variablesOf(toAnswer(await connection.response()))).toMatchObject({
      "payload.text": "first",
    });
    connection.write(toRequest());
    expect(variablesOf(toAnswer(await connection.response()))).toEqual({
      valid: "0",
      reason: "E_TKN_INVALID",
      detail: "missing",
    });
    connection.close();
  });
});
