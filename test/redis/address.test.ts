/** Addresses of a Redis: what can be said in one, and what is refused without being repeated. */
import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/core/app-error.ts";
import { nameOf, parseRedisAddress } from "../../src/redis/address.ts";

const ACCEPTED: readonly (readonly [address: string, expected: object, name: string])[] = [
  [
    "redis://one",
    { kind: "server", hosts: [{ host: "one", port: 6379 }], db: 0, isTls: false },
    "one:6379/0",
  ],
  [
    "rediss://bob:p%40ss@one:7000/3",
    { kind: "server", db: 3, isTls: true, username: "bob", password: "p@ss" },
    "one:7000/3",
  ],
  ["redis://:secret@[::1]:7000", { username: undefined, password: "secret" }, "[::1]:7000/0"],
  [
    "redis+sentinel://a,b:7001/rules/2",
    {
      kind: "sentinel",
      hosts: [
        { host: "a", port: 26_379 },
        { host: "b", port: 7001 },
      ],
      master: "rules",
      db: 2,
    },
    "rules/2",
  ],
  [
    "rediss+cluster://a:1,b:2/0",
    {
      kind: "cluster",
      hosts: [
        { host: "a", port: 1 },
        { host: "b", port: 2 },
      ],
      isTls: true,
    },
    "a:1 (cluster)",
  ],
];

const REFUSED: readonly (readonly [what: string, address: string])[] = [
  ["another scheme", "http://secret@one"],
  ["no host", "redis://"],
  ["two servers that are no cluster", "redis://secret@a,b"],
  ["Sentinels without a master's name", "redis+sentinel://secret@a"],
  ["a port beyond 65535", "redis://secret@one:70000"],
  ["a database that is no number", "redis://secret@one/rules"],
  ["a cluster's database other than 0", "redis+cluster://secret@one/1"],
  ["more than a database", "redis://secret@one/1/secret"],
  ["a query", "redis://secret@one/1?password=secret"],
  ["a broken escape", "redis://%zzsecret@one"],
  ["an unknown kind", "redis+ring://secret@one"],
];

describe("the address of a Redis", () => {
  for (const [address, expected, name] of ACCEPTED) {
    test(`${address} is understood`, () => {
      const parsed = parseRedisAddress(address);
      expect(parsed).toMatchObject(expected);
      expect(nameOf(parsed)).toBe(name);
    });
  }
  for (const [what, address] of REFUSED) {
    test(`with ${what} is refused, and no part of it repeated`, () => {
      expect.assertions(2);
      try {
        parseRedisAddress(address);
      } catch (error) {
        expect(error).toMatchObject({ code: "usage" });
        expect(error instanceof AppError && error.message).not.toContain("secret");
      }
    });
  }
});
