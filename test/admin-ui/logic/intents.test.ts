import { describe, expect, test } from "bun:test";
import { toSentence } from "../../../src/admin-ui/logic/consequence.ts";
import {
  EMPTY_FORM,
  isFieldProblem,
  reasonProblem,
  toIntentBody,
  toObjectName,
  toReason,
} from "../../../src/admin-ui/logic/intents.ts";
import { formatExact } from "../../../src/admin-ui/logic/time.ts";

const NOW = 1_795_446_912;
const toInputMoment = (at: number) => formatExact(at).replace(" ", "T");
const encode = (text: string) => Buffer.from(text).toString("base64url");
const TOKEN = `${encode('{"alg":"RS256"}')}.${encode('{"username":"bob"}')}.c2ln`;
const form = (what: string, issuer = "") => ({ ...EMPTY_FORM, what, issuer });

const textOf = (...args: Parameters<typeof toSentence>) =>
  toSentence(...args)
    ?.map((part) => (typeof part === "string" ? part : part.strong))
    .join("");

describe("an intent's request", () => {
  test.each([
    ["person", form(" bob "), { user: "bob" }],
    ["person", form("bob", " https://i "), { user: "bob", issuer: "https://i" }],
    ["block", form("g"), { block: "g" }],
    ["token", form(`Bearer ${TOKEN}`), { token: TOKEN }],
    ["login", form("1712345678901234567"), { family: "1712345678901234567" }],
    ["login", form("login.42"), { family: "login.42" }],
    ["login", form("eu.login.42"), { family: "eu.login.42" }],
    ["login", form(TOKEN), { family: TOKEN }],
    ["everybody", form(toInputMoment(NOW)), { issuedBefore: NOW }],
    ["everybody", form(" "), { issuedBefore: "now" }],
  ] as const)("for %s %o", (intent, given, body) => {
    expect(toIntentBody(intent, given, NOW)).toEqual(body);
  });

  test.each([
    ["person", form("x".repeat(1025))],
    ["person", form(TOKEN)],
    ["block", form(`see ${TOKEN}`)],
    ["token", form("bob")],
    ["login", form(TOKEN.replace(/\..*\./, ".bm90IGpzb24."))],
    ["everybody", form("soon")],
    ["everybody", form(toInputMoment(NOW + 1))],
  ] as const)("is not made for %s from %o", (intent, given) => {
    const outcome = toIntentBody(intent, given, NOW);
    expect(isFieldProblem(outcome) && outcome.problem.length).toBeGreaterThan(0);
  });

  test("waits quietly where nothing was typed yet", () => {
    expect(toIntentBody("person", form("  "), NOW)).toEqual({ problem: "" });
  });
});

describe("a reason", () => {
  test("is one line", () => expect(toReason(" a\n b\tc ")).toBe("a b c"));

  test.each(["", "  \n ", "x".repeat(1001), `leaked: ${TOKEN}`])("is refused as %p", (text) =>
    expect(reasonProblem(text)).toBeString(),
  );
});

describe("the words around an intent", () => {
  const preview = {
    words: "",
    scope: "subject",
    subject: "bob",
    expireAt: 0,
    seen: {
      of: 0,
      matched: 0,
      notLookedAt: 0,
      leftOut: 0,
      subjects: [],
      subjectCount: 0,
      unknownClaims: [],
    },
  } as const;
  test("name what is hit, on the button and before", () => {
    expect(toObjectName("person", form(" bob "))).toBe("bob");
    expect(toObjectName("token", form(TOKEN))).toBe("this token of bob");
    expect(toObjectName("token", form("x"))).toBe("this token");
    expect(textOf("person", form("bob"), preview)).toStartWith("Every token of bob issued until");
    expect(textOf("block", form("bob"), { ...preview, issuer: "https://i" })).toContain(
      "from https://i",
    );
    expect(textOf("token", form(TOKEN), preview)).toContain("of bob");
  });

  test("name a login by the id that was typed", () => {
    const typed = form(" 1712345678901234567 ");
    expect(toObjectName("login", typed)).toBe("login 1712345678901234567 and all it issued");
    expect(textOf("login", typed, preview)).toStartWith("Login 1712345678901234567 of bob and");
    expect(toObjectName("login", form(TOKEN))).toBe("this login and all it issued");
    expect(textOf("login", form(TOKEN), preview)).toStartWith("This login of bob and");
  });

  test("name no moment that will not be the rule's: it is the press of the button", () => {
    const ahead = { ...preview, aheadSeconds: 7 };
    expect(textOf("person", form("bob"), ahead)).toBe(
      "Every token of bob issued until you press the button, and up to 7\u202fs after (clocks differ), stops working. They can sign in again after that.",
    );
    expect(textOf("everybody", form(""), ahead)).toBe(
      "Everybody’s tokens issued until you press the button, and up to 7\u202fs after (clocks differ), stop working. Everybody has to sign in again after that.",
    );
  });

  test("name a moment that was chosen", () => {
    expect(textOf("everybody", form(toInputMoment(NOW)), preview)).toContain(
      `issued until ${formatExact(NOW)} stop`,
    );
  });

  test("leave a rule by hand to the rule's own", () => {
    expect(toSentence("rule", EMPTY_FORM, preview)).toBeUndefined();
  });
});
