import { describe, expect, test } from "bun:test";
import { inLayout, LOCAL, layoutBelow, PACKAGED } from "../../../src/cli/install/layout.ts";

const TEXT =
  "ExecStart=/usr/local/bin/haproxy-jwt serve\nJWT_LUA_DIR /usr/local/share/haproxy-jwt/lua\n" +
  "/etc/haproxy-jwt/verifier.key /var/lib/haproxy-jwt/haproxy-jwt.db /usr/local/bin/other\n";

describe("a text in a layout", () => {
  test("is as it was in the local one", () => {
    expect(inLayout(TEXT, LOCAL)).toBe(TEXT);
    expect(inLayout(TEXT, layoutBelow("/"))).toBe(TEXT);
  });

  test("names the package's folders in the package", () => {
    const text = inLayout(TEXT, PACKAGED);
    expect(text).toContain("ExecStart=/usr/bin/haproxy-jwt serve");
    expect(text).toContain("JWT_LUA_DIR /usr/share/haproxy-jwt/lua");
    expect(text).toContain("/usr/local/bin/other");
  });

  test("puts a prefix before each once, also where the prefix looks like one of them", () => {
    const prefix = "/tmp/etc/haproxy-jwt/usr/local/share/haproxy-jwt";
    expect(inLayout(TEXT, layoutBelow(prefix)).split(/\s/)).toEqual([
      `ExecStart=${prefix}/usr/local/bin/haproxy-jwt`,
      "serve",
      "JWT_LUA_DIR",
      `${prefix}/usr/local/share/haproxy-jwt/lua`,
      `${prefix}/etc/haproxy-jwt/verifier.key`,
      `${prefix}/var/lib/haproxy-jwt/haproxy-jwt.db`,
      "/usr/local/bin/other",
      "",
    ]);
  });
});
