/** Passwords: which may be chosen, how they are hashed, and that nobody waits for it. */
import { describe, expect, test } from "bun:test";
import { checkPassword } from "../../../src/http/admin/password-rules.ts";
import { createPasswords } from "../../../src/http/admin/passwords.ts";

describe("a password", () => {
  const TAKEN = [
    "purple walrus dances slowly",
    "xK9#mQ2$vL7@pR4!",
    "ein schöner Tag für Äpfel",
    "Grüße aus dem Käsekeller im Mai",
    "пять случайных слов подряд вместе",
    "kP3vNq8sLw2xRt6bMz",
    "🦊 jumped 🦉 between 🐢 lanterns",
    "w".concat("andering ox beneath quiet slate roofs ".repeat(3)).slice(0, 128),
  ];
  for (const password of TAKEN) {
    test(`may be ${password.slice(0, 20)}…`, () => {
      expect(() => checkPassword(password, "alice")).not.toThrow();
    });
  }

  const REFUSED: readonly (readonly [string, string])[] = [
    ["fourteen characters", "kP3vNq8sLw2xRt"],
    ["fourteen characters of two bytes", "äöüßäöüÄÖÜ€µ§é"],
    ["129 characters", `${"kP3vNq8sLw".repeat(12)}123456789`],
    ["nothing", ""],
    ["a common one", "passwordpassword"],
    ["a common one, disguised", "P4ssw0rdP@ssw0rd!"],
    ["a common one with blanks", "correct horse battery staple"],
    ["a common phrase", "I love you forever"],
    ["a keyboard walk", "qwertyuiopasdfghjkl"],
    ["digits in order", "1234567890123456"],
    ["fifteen digits in order", "123456789012345"],
    ["one character over and over", "aaaaaaaaaaaaaaaaaaaa"],
    ["a few over and over", "xyz1xyz1xyz1xyz1"],
    ["the product's name", "haproxy-jwt-admin-1"],
    ["the product and a year", "HaproxyJwt2026!!"],
    ["the person's name", "alice.smith-2026-alice"],
    ["everyday words and digits", "Summer2026Password!"],
    ["months and years", "january2025february2026"],
    ["an alphabet", "abcdefghijklmnopqrstuvwxyz"],
    ["blanks", "               "],
  ];
  for (const [what, password] of REFUSED) {
    test(`may not be ${what}`, () => {
      expect(() => checkPassword(password, "alice.smith")).toThrow(/cannot be used/);
    });
  }

  test("is not repeated in its refusal", () => {
    expect(() => checkPassword("passwordpassword", "alice")).toThrow(
      expect.objectContaining({
        message: expect.not.stringContaining("passwordpassword"),
        path: "/password",
      }) as Error,
    );
  });
});

describe("hashing", () => {
  test("is Argon2id with more than 46 MiB, salted", async () => {
    const passwords = createPasswords();
    const [one, other] = [await passwords.hash("a b c"), await passwords.hash("a b c")];
    const [, memory] = /^\$argon2id\$v=19\$m=(\d+),t=\d+,p=\d+\$/.exec(one) ?? [];
    expect(Number(memory)).toBeGreaterThanOrEqual(46 * 1024);
    expect(one).not.toBe(other);
    expect(await passwords.verify("a b c", one)).toBe(true);
    expect(await passwords.verify("a b d", one)).toBe(false);
    expect(await passwords.verify("a b c", undefined)).toBe(false);
  });

  test("takes the same work for a name that is not there", async () => {
    const passwords = createPasswords();
    const hash = await passwords.hash("a b c");
    const time = async (known: string | undefined) => {
      const started = performance.now();
      await passwords.verify("wrong", known);
      return performance.now() - started;
    };
    await time(undefined);
    const known = [await time(hash), await time(hash), await time(hash)];
    const unknown = [await time(undefined), await time(undefined), await time(undefined)];
    // An answer without hashing would take a thousandth of it.
    expect(Math.min(...unknown)).toBeGreaterThan(Math.min(...known) / 3);
    expect(Math.min(...known)).toBeGreaterThan(Math.min(...unknown) / 3);
  });

  test("holds nobody up: other work goes on in between", async () => {
    const passwords = createPasswords();
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    await Promise.all(Array.from({ length: 4 }, () => passwords.hash("a b c")));
    clearInterval(timer);
    // Hashing on this thread would let none of them through.
    expect(turns).toBeGreaterThan(20);
  });

  test("is turned down when too many wait for it", async () => {
    const passwords = createPasswords({ algorithm: "argon2id", memoryCost: 8192, timeCost: 1 });
    const results = await Promise.allSettled(
      Array.from({ length: 60 }, () => passwords.hash("a b c")),
    );
    const refused = results.filter(({ status }) => status === "rejected");
    expect(refused.length).toBe(60 - 34);
    expect(await passwords.hash("a b c")).toStartWith("$argon2id$");
  });
});
