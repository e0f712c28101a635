/** Import lines: our own, and the seed's sets with what JavaScript made of them. */
import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { parseImportLine, toExportLine } from "../../../src/core/revocation/import-line.ts";
import { compilePattern } from "../../../src/core/revocation/pattern.ts";
import type { NewRule, StoredRule } from "../../../src/core/revocation/store.ts";

const NOW = 1_800_000_000;

function parse(line: string): NewRule | undefined {
  return parseImportLine(line, NOW, compilePattern);
}

function refusalOf(line: string): AppError {
  try {
    parse(line);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new TypeError(`accepted: ${line}`);
}

function seedLine(key: string, member: string, score: unknown = 0): string {
  return JSON.stringify({ key, member, score });
}

/** The text of the rule that a member of a seed's set becomes. */
function converted(member: string): string | undefined {
  return parse(seedLine("{ms-users}jwt-rules:bob", member))?.rule.text;
}

describe("a line of ours", () => {
  const STORED: StoredRule = {
    id: 7,
    scope: { kind: "subject", subject: 'b"ob', issuer: "https://one" },
    text: '{"cs":9007199254740993}',
    expireAt: NOW + 5,
    reason: "lost laptop",
    state: "active",
    addedAt: NOW - 5,
    addedBy: { who: "root", via: "cli", from: "local" },
    lifted: undefined,
    seq: 3,
  };

  test("comes back as it was exported", () => {
    const { scope, expireAt, reason } = STORED;
    const line = toExportLine(STORED);
    expect(parse(line)).toMatchObject({ scope, expireAt, reason });
    expect(parse(line)?.rule.text).toBe(STORED.text);
    const global = toExportLine({ ...STORED, scope: { kind: "global" } });
    expect(parse(global)?.scope).toEqual({ kind: "global" });
  });

  test("of a rule whose time is over is nothing to import", () => {
    expect(parse(`{"scope":"global","rule":{"a":1},"expireAt":${NOW},"reason":"x"}`)).toBe(
      undefined,
    );
  });

  const refused: readonly (readonly [line: string, path: string])[] = [
    ["", ""],
    ["[]", ""],
    ['{"scope":"global","scope":"global"}', ""],
    ['{"scope":"global","reason":"x"}', "/rule"],
    ['{"scope":"global","rule":{"a":{"gt":null}},"reason":"x"}', "/rule/a/gt"],
    ['{"scope":"global","rule":{},"reason":"x"}', "/rule"],
    ['{"rule":{"a":1},"reason":"x"}', "/scope"],
    ['{"scope":"all","rule":{"a":1},"reason":"x"}', "/scope"],
    ['{"scope":"global","subject":"g","rule":{"a":1},"reason":"x"}', "/scope"],
    ['{"scope":"global","issuer":"i","rule":{"a":1},"reason":"x"}', "/scope"],
    ['{"subject":"","rule":{"a":1},"reason":"x"}', "/subject"],
    ['{"subject":"b","issuer":1,"rule":{"a":1},"reason":"x"}', "/issuer"],
    ['{"scope":"global","rule":{"a":1}}', "/reason"],
    ['{"scope":"global","rule":{"a":1},"reason":" "}', "/reason"],
    ['{"scope":"global","rule":{"a":1},"reason":"a\\nb"}', "/reason"],
    ['{"scope":"global","rule":{"a":1},"reason":"x","expireAt":"5"}', "/expireAt"],
    ['{"scope":"global","rule":{"a":1},"reason":"x","expireAt":-1}', "/expireAt"],
    ['{"scope":"global","rule":{"a":1},"reason":"x","expires":5}', "/expires"],
  ];
  for (const [line, path] of refused) {
    test(`is refused: ${line || "an empty one"}`, () => {
      expect(refusalOf(line).path).toBe(path);
    });
  }
});

describe("a member of the seed's sets", () => {
  test("of the set g is global, of any other its subject's, of no set nobody's", () => {
    expect(parse(seedLine("{ms-users}jwt-rules:g", '{"a":1}'))?.scope).toEqual({ kind: "global" });
    expect(parse(seedLine("jwt-rules:bob:x", '{"a":1}'))?.scope).toEqual({
      kind: "subject",
      subject: "bob:x",
      issuer: undefined,
    });
    expect(refusalOf(seedLine("rules:g", '{"a":1}')).path).toBe("/key");
    expect(refusalOf(seedLine("xjwt-rules:g", '{"a":1}')).path).toBe("/key");
    // A user's name that looks like a set's: only he is meant.
    expect(parse(seedLine("{ms-users}jwt-rules:x/jwt-rules:g", '{"a":1}'))?.scope).toMatchObject({
      subject: "x/jwt-rules:g",
    });
  });

  test("holds through the second of its score, and for ever with 0", () => {
    expect(parse(seedLine("jwt-rules:g", '{"a":1}', NOW))?.expireAt).toBe(NOW + 1);
    expect(parse(seedLine("jwt-rules:g", '{"a":1}', String(NOW)))?.expireAt).toBe(NOW + 1);
    expect(parse(seedLine("jwt-rules:g", '{"a":1}', 0))?.expireAt).toBe(0);
    expect(parse(seedLine("jwt-rules:g", '{"a":1}', NOW - 1))).toBe(undefined);
    expect(refusalOf(seedLine("jwt-rules:g", '{"a":1}', "soon")).path).toBe("/score");
  });

  const conversions: readonly (readonly [member: string, rule: string])[] = [
    ['{"username":"bob","iat":{"lte":1700000000}}', '{"username":"bob","iat":{"lte":1700000000}}'],
    ['{"_or":true,"cs":9007199254740993,"rt":5}', '{"_or":true,"cs":9007199254740993,"rt":5}'],
    ['{"_or":1,"a":1}', '{"_or":true,"a":1}'],
    ['{"_or":"","a":1}', '{"_or":false,"a":1}'],
    ['{"a":{"_or":"yes","sw":"x","eq":"y"}}', '{"a":{"_or":true,"sw":"x","eq":"y"}}'],
    ['{"iat":{"lte":"1700000000"}}', '{"iat":{"lte":1700000000}}'],
    ['{"iat":{"gt":null}}', '{"iat":{"gt":0}}'],
    ['{"x":{"gte":true}}', '{"x":{"gte":1}}'],
    ['{"x":{"gt":"abc"}}', '{"x":{"gt":"abc"}}'],
    ['{"x":null}', '{"x":null}'],
  ];
  for (const [member, rule] of conversions) {
    test(`${member} becomes ${rule}`, () => {
      expect(converted(member)).toBe(rule);
    });
  }

  const refused: readonly (readonly [member: string, path: string])[] = [
    ['{"x":{"gt":"10"}}', "/member/x/gt"],
    ['{"aud":{"match":"x"}}', "/member/aud/match"],
    ['{"aud":["x"]}', "/member/aud"],
    ['{"x":{"sw":5}}', "/member/x/sw"],
    ['{"x":{"regex":"(?=a)"}}', "/member/x/regex"],
    ['{"g":{"_or":true,"cs":{"eq":"x"}}}', "/member/g/cs"],
    ['{"x":{"eq":[1]}}', "/member/x/eq"],
    ["{}", "/member"],
    ['{"x":{}}', "/member/x"],
    ["5", "/member"],
  ];
  for (const [member, path] of refused) {
    test(`${member} is refused by name`, () => {
      expect(refusalOf(seedLine("jwt-rules:g", member)).path).toBe(path);
    });
  }
});
