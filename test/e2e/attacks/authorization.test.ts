import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectNotAccepted, expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { mint } from "../../helpers/mint.ts";
import { toRequest } from "../../helpers/raw-client.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
const good = mint(keys.rs, claims());
const other = mint(keys.rs, claims({ sub: "root" }));

const ACCEPTED: readonly (readonly [string, readonly string[]])[] = [
  ["Bearer", [`authorization: Bearer ${good}`]],
  ["bearer in small letters", [`authorization: bearer ${good}`]],
  ["BEARER in capitals", [`Authorization: BEARER ${good}`]],
  ["JWT", [`AUTHORIZATION: JWT ${good}`]],
  ["jwt in small letters", [`authorization: jwt ${good}`]],
  ["white space around the field", [`authorization:   Bearer ${good}  `]],
];

const REFUSED: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["no field", [], ["missing"]],
  ["an empty field", ["authorization:"], ["missing", "malformed"]],
  ["another scheme", ["authorization: Basic Ym9iOmJvYg=="], ["missing", "malformed"]],
  ["a token under another scheme", [`authorization: Basic ${good}`], ["missing", "malformed"]],
  ["a scheme that begins like ours", [`authorization: BearerX ${good}`], ["missing", "malformed"]],
  ["a scheme that ends early", [`authorization: Beare ${good}`], ["missing", "malformed"]],
  ["a token without scheme", [`authorization: ${good}`], ["missing", "malformed"]],
  ["a scheme without token", ["authorization: Bearer"], ["missing", "malformed"]],
  ["a scheme and a space", ["authorization: Bearer "], ["missing", "malformed"]],
  [
    "the same field twice",
    [`authorization: Bearer ${good}`, `authorization: Bearer ${good}`],
    ["ambiguous"],
  ],
  [
    "two tokens in two fields",
    [`authorization: Bearer ${good}`, `authorization: Bearer ${other}`],
    ["ambiguous"],
  ],
  [
    "a token and a Basic field",
    [`authorization: Bearer ${good}`, "authorization: Basic Ym9iOmJvYg=="],
    ["ambiguous"],
  ],
  [
    "a Basic field and a token",
    ["authorization: Basic Ym9iOmJvYg==", `authorization: Bearer ${good}`],
    ["ambiguous"],
  ],
  [
    "an empty field and a token",
    ["authorization:", `authorization: Bearer ${good}`],
    ["ambiguous"],
  ],
  [
    "two tokens with a comma",
    [`authorization: Bearer ${good}, Bearer ${other}`],
    ["ambiguous", "malformed"],
  ],
  [
    "two tokens with a comma and no space",
    [`authorization: Bearer ${good},${other}`],
    ["ambiguous", "malformed"],
  ],
  ["a token and a trailing comma", [`authorization: Bearer ${good},`], ["ambiguous", "malformed"]],
  ["a leading comma", [`authorization: ,Bearer ${good}`], ["ambiguous", "malformed", "missing"]],
  ["a tab between", [`authorization: Bearer\t${good}`], ["malformed", "missing"]],
  ["two spaces between", [`authorization: Bearer  ${good}`], ["malformed", "missing"]],
  ["a third word", [`authorization: Bearer ${good} x`], ["malformed", "ambiguous"]],
  [
    "a third word that is a token",
    [`authorization: Bearer ${good} ${other}`],
    ["malformed", "ambiguous"],
  ],
  ["a parameter", [`authorization: Bearer ${good}; charset=utf-8`], ["malformed", "ambiguous"]],
  ["token=…", [`authorization: Bearer token=${good}`], ["malformed"]],
  ["quotes", [`authorization: Bearer "${good}"`], ["malformed"]],
  ["the scheme twice", [`authorization: Bearer Bearer ${good}`], ["malformed"]],
  ["a token elsewhere", [`x-authorization: Bearer ${good}`], ["missing"]],
  ["a token in Proxy-Authorization", [`proxy-authorization: Bearer ${good}`], ["missing"]],
  [
    "a token in a cookie that nobody asked for",
    [`cookie: token=${good}; jwt=${good}; access_token=${good}`],
    ["missing"],
  ],
];

const UNSENDABLE: readonly (readonly [string, readonly string[]])[] = [
  ["a folded field", [`authorization: Bearer`, ` ${good}`]],
  ["a NUL after the token", [`authorization: Bearer ${good}\0`]],
  ["a space before the colon", [`authorization : Bearer ${good}`]],
  ["a carriage return alone", [`authorization: Bearer ${good}\rx: y`]],
];

describe("where the token stands", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, { keys });
  });
  afterAll(() => stack.disposeAsync());

  test.each([...ACCEPTED])("accepts %s", async (_, lines) => {
    expectValid(await edge.send(toRequest(lines)));
  });

  test.each([...REFUSED])("refuses %s", async (_, lines, details) => {
    expectRefused(
      await edge.send(toRequest(lines)),
      { reason: "E_TKN_INVALID", detail: details },
      good,
    );
  });

  test.each([...UNSENDABLE])("does not accept %s", async (_, lines) => {
    expectNotAccepted(await edge.send(toRequest(lines)), good);
  });

  test("takes no token from the query unless told to", async () => {
    const request = toRequest([], `/?token=${good}&access_token=${good}&jwt=${good}`);
    expectRefused(await edge.send(request), { detail: "missing" });
  });

  test("passes the request's own Authorization on untouched", async () => {
    const answer = await edge.send(toRequest([`authorization: Bearer ${good}`]));
    const sent = answer.delivered?.fields.filter(([name]) => name === "authorization");
    expect(sent).toEqual([["authorization", `Bearer ${good}`]]);
  });
});
