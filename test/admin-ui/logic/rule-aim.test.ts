/** Which global rules hit one token or login only: in doubt, everybody. */
import { describe, expect, test } from "bun:test";
import { isJsonProblem, parseJsonTree } from "../../../src/admin-ui/logic/json-tree.ts";
import { namesAnId } from "../../../src/admin-ui/logic/rule-aim.ts";

const aimOf = (text: string): boolean => {
  const node = parseJsonTree(text);
  if (isJsonProblem(node)) throw new Error(node.message);
  return namesAnId(node);
};

describe("a rule that names no person", () => {
  test.each([
    ["one token", '{"jti":"a"}'],
    ["one token of an issuer", '{"jti":"a","iss":"https://i"}'],
    ["a token's digest", '{"#sha256":"ab"}'],
    ["a login", '{"_or":true,"cs":1712345678901234567,"rt":1712345678901234567}'],
    ["a login by its id", '{"_or":true,"cs":{"in":["17",17]},"rt":{"in":["17",17]}}'],
    ["an id among other things", '{"aud":{"sw":"x"},"cs":{"eq":"a","sw":"b"}}'],
  ])("names an id: %s", (_, rule) => expect(aimOf(rule)).toBe(true));

  test.each([
    ["nothing", "{}"],
    ["an issuer", '{"iss":"https://i"}'],
    ["an audience", '{"aud":"x"}'],
    ["an application", '{"client_id":"old-app"}'],
    ["a person by a claim", '{"sub":"bob"}'],
    ["a time", '{"iat":1700000000}'],
    ["anything but an id", '{"jti":{"ne":"a"}}'],
    ["that there is an id", '{"jti":{"exists":true}}'],
    ["that there is none", '{"jti":null}'],
    ["an empty id", '{"jti":""}'],
    ["the beginning of ids", '{"jti":{"sw":"a"}}'],
    ["an id or null", '{"jti":{"in":["a",null]}}'],
    ["an id or something else", '{"_or":true,"jti":"a","aud":"x"}'],
    ["an id or any other one", '{"jti":{"_or":true,"eq":"a","exists":true}}'],
    ["an id inside a claim", '{"realm":{"jti":{"eq":"a"}}}'],
    ["what cannot be read", '"{"'],
  ])("may hit everybody: %s", (_, rule) => expect(aimOf(rule)).toBe(false));

  test("may hit everybody where it is not known", () => {
    expect(namesAnId(undefined)).toBe(false);
  });
});
