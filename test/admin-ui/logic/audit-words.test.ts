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

const wordsOf = (more: Partial<AuditRow>): string =>
  toAuditSentence({ ...ROW, ...more })
    .map((part) => {
      if (typeof part === "string") return part;
      return "rule" in part ? `[${part.rule}]` : `*${part.strong}*`;
    })
    .join("");

describe("a row of the audit", () => {
  const SENTENCES: readonly (readonly [string, Partial<AuditRow>, string])[] = [
    ["a revocation", { subject: "bob" }, "revoked tokens of *bob* (rule [9])"],
    ["a rule for everybody", {}, "wrote rule [9]"],
    ["a lift", { action: "rule.lift", subject: "bob" }, "lifted rule [9] on tokens of *bob*"],
    [
      "an import",
      { action: "rule.import", target: "3", reason: "1 rule from seed.jsonl" },
      "imported 1 rule from seed.jsonl",
    ],
    [
      "a number that is no rule's",
      { action: "person.role", target: "12" },
      "changed the role of *12*",
    ],
    ["a rule's number that is none", { target: "12x" }, "wrote rule *12x*"],
    ["a person", { action: "person.remove", target: "eve" }, "removed *eve*"],
    ["a login", { action: "session.create", target: "root" }, "logged in"],
    ["a login that failed", { action: "session.create", target: "eve" }, "logged in as eve"],
    ["what it does not know", { action: "moon.land", target: "x" }, "moon.land *x*"],
  ];
  test.each(SENTENCES)("says %s", (_, row, words) => {
    expect(wordsOf(row)).toBe(words);
  });

  test("gives the reason, but not what the sentence has said", () => {
    expect(toAuditReason({ ...ROW, reason: "left the company" })).toBe("left the company");
    expect(toAuditReason({ ...ROW, action: "rule.import", reason: "1 rule from x" })).toBe(
      undefined,
    );
  });
});
