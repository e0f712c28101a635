/** The seed's revocation cases and its table of operators through HAProxy, and the same verdicts after export and import. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { identityOf } from "../helpers/answer.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectRefused, expectValid } from "../helpers/expect-verdict.ts";
import { mint } from "../helpers/mint.ts";
import { claims, createKeys, nowSeconds } from "../helpers/tokens.ts";

const keys = createKeys();
const NOW = nowSeconds();
const MOMENT = NOW - 100;

interface Row {
  readonly name: string;
  /** The seed's JSON. `$user` stands for the row's own user. */
  readonly rule: Readonly<Record<string, unknown>>;
  readonly scope: "global" | "subject";
  /** Claims of tokens that it revokes, and of those that it lets pass. */
  readonly revokes: readonly Readonly<Record<string, unknown>>[];
  readonly passes: readonly Readonly<Record<string, unknown>>[];
}

const CASES: readonly Row[] = [
  {
    name: "an access token superseded by a newer one",
    rule: { rt: 7001, iat: { lt: MOMENT } },
    scope: "subject",
    revokes: [
      { rt: 7001, cs: 7002, iat: MOMENT - 50 },
      { rt: 7001, cs: 7003, iat: MOMENT - 1 },
    ],
    passes: [
      { rt: 7001, cs: 7004, iat: MOMENT },
      { rt: 7009, cs: 7005, iat: MOMENT - 50 },
      { cs: 7006, iat: MOMENT - 50 },
    ],
  },
  {
    name: "a refresh token's family",
    rule: { _or: true, cs: 8001, rt: 8001 },
    scope: "subject",
    revokes: [{ cs: 8001 }, { cs: 8002, rt: 8001 }, { cs: 8003, rt: 8001 }],
    passes: [{ cs: 8004, rt: 8005 }, { cs: 8005 }, {}],
  },
  {
    name: "a family by its 64-bit number, not its neighbour's",
    rule: { _or: true, cs: 9007199254740993n, rt: 9007199254740993n },
    scope: "subject",
    revokes: [{ cs: 9007199254740993n }, { cs: 1, rt: 9007199254740993n }],
    passes: [{ cs: 9007199254740992n }, { cs: 1, rt: 9007199254740994n }],
  },
  {
    name: "all of a user's tokens up to a moment, globally by iat and user",
    rule: { username: "$user", iat: { lte: MOMENT } },
    scope: "global",
    revokes: [{ iat: MOMENT }, { iat: MOMENT - 1000 }],
    passes: [{ iat: MOMENT + 1 }, { username: "somebody-else", iat: MOMENT - 1000 }],
  },
];

/** Claims with the claim `x`, or without it. */
function toX(x: unknown): Readonly<Record<string, unknown>> {
  return x === undefined ? {} : { x };
}

/** One row of the operator table, each on the claim `x`. */
function operator(
  name: string,
  check: unknown,
  revokes: readonly unknown[],
  passes: readonly unknown[],
): Row {
  return {
    name,
    rule: { x: check },
    scope: "subject",
    revokes: revokes.map(toX),
    passes: passes.map(toX),
  };
}

const NUMBERS = [4, 5, 6, 5.5, "5", undefined];
const TEXTS = ["a", "b", "ba", "c", 5, undefined];
const pick = <T>(from: readonly T[], ...wanted: readonly T[]): readonly T[] =>
  from.filter((one) => wanted.includes(one));
const rest = <T>(from: readonly T[], ...wanted: readonly T[]): readonly T[] =>
  from.filter((one) => !wanted.includes(one));
function onBoth(
  name: string,
  numbers: readonly unknown[],
  texts: readonly unknown[],
): readonly Row[] {
  const check = (operand: unknown) => ({ [name]: operand });
  return [
    operator(`${name} on numbers`, check(5), pick(NUMBERS, ...numbers), rest(NUMBERS, ...numbers)),
    operator(`${name} on strings`, check("b"), pick(TEXTS, ...texts), rest(TEXTS, ...texts)),
  ];
}

const OPERATORS: readonly Row[] = [
  ...onBoth("gt", [6, 5.5], ["ba", "c"]),
  ...onBoth("lt", [4], ["a"]),
  ...onBoth("gte", [5, 6, 5.5], ["b", "ba", "c"]),
  ...onBoth("lte", [4, 5], ["a", "b"]),
  ...onBoth("eq", [5], ["b"]),
  operator("a value for eq", 5, [5], ["5", 6, undefined]),
  operator("sw", { sw: "user:" }, ["user:bob", "user:"], ["a user:bob", "User:bob", 1, undefined]),
  operator("regex", { regex: "^b+$" }, ["b", "bbb"], ["ab", "", undefined]),
  operator("two operators at once", { gt: 4, lt: 6 }, [5, 5.5], [4, 6, undefined]),
  {
    name: "members joined by and",
    rule: { x: 1, y: 2 },
    scope: "subject",
    revokes: [{ x: 1, y: 2 }],
    passes: [{ x: 1 }, { y: 2 }, { x: 1, y: 3 }],
  },
  {
    name: "_or on top",
    rule: { _or: true, x: 1, y: { gt: 5 } },
    scope: "subject",
    revokes: [{ x: 1 }, { y: 6 }, { x: 2, y: 6 }],
    passes: [{ x: 2 }, { y: 5 }, {}],
  },
  {
    name: "_or inside",
    rule: { x: { _or: true, eq: 1, gt: 100 }, y: 2 },
    scope: "subject",
    revokes: [
      { x: 1, y: 2 },
      { x: 101, y: 2 },
    ],
    passes: [{ x: 50, y: 2 }, { x: 1 }, { x: 101, y: 3 }],
  },
];

const ROWS = [...CASES, ...OPERATORS];
const userOf = (row: Row): string => `user-${ROWS.indexOf(row)}`;

/** JSON with whole numbers as they are: a 64-bit one must not be rounded on the way. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === "bigint" ? `#${one}#` : one,
  ).replaceAll(/"#(\d+)#"/g, "$1");
}

function tokenOf(row: Row, more: Readonly<Record<string, unknown>>): string {
  const user = userOf(row);
  return mint(keys.hs, toJson(claims({ username: user, sub: user, ...more })));
}

const toTokens = (row: Row) => ({
  row,
  revoked: row.revokes.map((more) => tokenOf(row, more)),
  passing: row.passes.map((more) => tokenOf(row, more)),
});
const TOKENS = ROWS.map(toTokens);

describe("rules in the seed's JSON", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  let other: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, { keys });
    other = await edge.beside({ verifiesInHaproxy: false });
  });
  afterAll(() => stack.disposeAsync());

  test.each([...TOKENS])("revoke $row.name", async ({ row, revoked, passing }) => {
    // The control: it is the rule, and nothing else.
    for (const token of [...revoked, ...passing]) expectValid(await edge.ask(token));
    const rule = toJson(row.rule).replaceAll("$user", userOf(row));
    const scope = row.scope === "global" ? ["--global"] : ["--subject", userOf(row)];
    const reason = ["--wait", "--reason", row.name];
    const added = await edge.server.run("rules", "add", ...scope, "--rule", rule, ...reason);
    expect([added.code, added.stderr]).toEqual([0, ""]);
    for (const one of [edge, other]) {
      for (const token of revoked) {
        expectRefused(await one.ask(token), { reason: "E_TKN_INVALID", detail: "revoked" }, token);
      }
      for (const token of passing) expectValid(await one.ask(token));
    }
  });

  test("give the same verdicts in a new folder after export and import", async () => {
    const file = join(edge.folder, "rules.jsonl");
    const exported = await edge.server.run("rules", "export", file);
    expect([exported.code, exported.stderr]).toEqual([0, expect.any(String)]);
    const elsewhere = await startEdge(stack, { keys });
    const all = TOKENS.flatMap(({ revoked, passing }) => [...revoked, ...passing]);
    const verdicts = async (at: Edge) => {
      const details: (string | undefined)[] = [];
      for (const token of all) details.push(identityOf(await at.ask(token)).detail);
      return details;
    };
    const before = await verdicts(elsewhere);
    expect(new Set(before)).toEqual(new Set([undefined]));
    const imported = await elsewhere.server.run("rules", "import", file, "--wait");
    expect(imported.code).toBe(0);
    const here = await verdicts(edge);
    expect(await verdicts(elsewhere)).toEqual(here);
    expect(here.filter((detail) => detail === "revoked")).toHaveLength(
      TOKENS.flatMap(({ revoked }) => revoked).length,
    );
  }, 30_000);
});
