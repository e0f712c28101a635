/** The audit's rows as sentences. */
import { describe, expect, test } from "bun:test";
import type { AuditRow } from "../../../src/admin-ui/api/types.ts";
import { toAuditReason, toAuditSentence } from "../../../src/admin-ui/logic/audit-words.ts";

const ROW: AuditRow = {
  id: 1,
  atMs: 0,
  actor: { who: "root", via: "page", from: "192.0.2.1" },
  action: "rule.add",
  target: "9",
  outcome: "done",
};

const NOBODY = { who: "nobody", via: "page", from: "192.0.2.1" };

const wordsOf = (more: Partial<AuditRow>): string =>
  toAuditSentence({ ...ROW, ...more })
    .map((part) => {
      if (typeof part === "string") return part;
      return "rule" in part ? `[${part.rule}]` : `*${part.strong}*`;
    })
    .join("");

describe("a row of the audit", () => {
  const SENTENCES: readonly (readonly [string, Partial<AuditRow>, string])[] = [
    ["a revocation", { subject: "bob" }, "*root* revoked tokens of *bob* ([9])"],
    ["a rule for everybody", {}, "*root* wrote [9], naming no person"],
    ["a lift", { action: "rule.lift", subject: "bob" }, "*root* lifted [9] on tokens of *bob*"],
    ["a lift for everybody", { action: "rule.lift" }, "*root* lifted [9]"],
    [
      "an import",
      { action: "rule.import", target: "3", reason: "1 rule from seed.jsonl" },
      "*root* imported 1 rule from seed.jsonl",
    ],
    [
      "a number that is no rule's",
      { action: "person.role", target: "12" },
      "*root* changed the role of *12*",
    ],
    ["a rule's number that is none", { target: "12x" }, "*root* wrote rule *12x*"],
    ["a person", { action: "person.remove", target: "eve" }, "*root* removed *eve*"],
    [
      "a new person's role",
      { action: "person.create", target: "eve", reason: "role operator" },
      "*root* added *eve* as operator",
    ],
    [
      "another role",
      { action: "person.role", target: "eve", reason: "role admin" },
      "*root* changed the role of *eve* to admin",
    ],
    [
      "an API token's role",
      { action: "token.create", target: "ci", reason: "role viewer" },
      "*root* made API token *ci* as viewer",
    ],
    ["a login", { action: "session.create", target: "root" }, "*root* logged in"],
    [
      "a login that was refused",
      { action: "session.create", target: "eve", outcome: "refused", actor: NOBODY },
      "Login as *eve* refused",
    ],
    [
      "a login of nobody who is known",
      { action: "session.create", target: "an unknown name", outcome: "refused", actor: NOBODY },
      "Login refused: unknown name",
    ],
    ["what it does not know", { action: "moon.land", target: "x" }, "*root* moon.land *x*"],
  ];
  test.each(SENTENCES)("says %s", (_, row, words) => {
    expect(wordsOf(row)).toBe(words);
  });

  test("gives the reason, but not what the sentence has said", () => {
    expect(toAuditReason({ ...ROW, reason: "left the company" })).toBe("left the company");
    expect(toAuditReason({ ...ROW, action: "rule.import", reason: "1 rule from x" })).toBe(
      undefined,
    );
    expect(toAuditReason({ ...ROW, action: "person.create", reason: "role viewer" })).toBe(
      undefined,
    );
    expect(toAuditReason({ ...ROW, reason: "role viewer" })).toBe("role viewer");
  });
});
