import { describe, expect, test } from "bun:test";
import { withoutSecrets } from "../../src/config/values.ts";

describe("withoutSecrets", () => {
  test.each([
    ["a user", "https://canary@a.test/k", "https://(secret)@a.test/k"],
    ["user and password", "https://canary:canary@a.test:1/", "https://(secret)@a.test:1/"],
    ["a password with an @", "http://u:can@ry@a.test/k", "http://(secret)@a.test/k"],
    ["a password with a blank", "http://u:can ary@a.test/k", "http://(secret)@a.test/k"],
    ["a query", "https://a.test/k?x=canary&y=canary", "https://a.test/k?(secret)"],
    ["a query without a name", "https://a.test?canary==", "https://a.test?(secret)"],
    ["a query with a comma", "https://a.test/?x=can,ary", "https://a.test/?(secret)"],
    ["a fragment", "https://a.test/k#canary", "https://a.test/k#(secret)"],
    [
      "each of a list",
      "https://canary@a.test/k, https://b.test/?canary,https://c.test/k",
      "https://(secret)@a.test/k, https://b.test/?(secret),https://c.test/k",
    ],
    ["one of another scheme", "FTP://canary@a.test/?canary", "FTP://(secret)@a.test/?(secret)"],
    [
      "a store's password",
      "postgres://jwt:can@ry@a:1,b:2/jwt",
      "postgres://jwt:(secret)@a:1,b:2/jwt",
    ],
    [
      "a store's options that are secret",
      "postgresql://a/jwt?password=can,ary&sslmode=require",
      "postgresql://a/jwt?password=(secret)&sslmode=require",
    ],
  ])("hides %s", (_, text, shown) => {
    expect(withoutSecrets(text)).toBe(shown);
  });

  test.each([
    "https://a.test:8443/keys.json,https://b.test/",
    "postgres://jwt@a:1,b:2/jwt?sslmode=require",
    "unix:/run/a@b?c",
    "alice@example.org, orders?",
    "",
  ])("shows the whole of %j", (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });
});
