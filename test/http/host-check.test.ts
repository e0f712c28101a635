import { describe, expect, test } from "bun:test";
import { createIsAllowedHost, isBareProbe } from "../../src/http/host-check.ts";

describe("createIsAllowedHost", () => {
  const named = ["tokens.example.org", "10.0.0.7", "fd00::7"];

  test.each([
    "localhost",
    "LOCALHOST:4000",
    "localhost.",
    "127.0.0.1",
    "127.0.0.1:4000",
    "127.8.9.10:1",
    "[::1]",
    "[::1]:4000",
    "tokens.example.org",
    "Tokens.Example.ORG:4000",
    "tokens.example.org.",
    "10.0.0.7:80",
    "[fd00::7]:80",
  ])("allows %p", (host) => {
    const isAllowed = createIsAllowedHost(named);
    expect(isAllowed(host)).toBe(true);
    expect(isAllowed(host)).toBe(true);
  });

  test.each([
    null,
    "",
    " ",
    ":4000",
    "evil.example",
    "localhost.evil.example",
    "evil-localhost",
    "127.0.0.1.evil.example",
    "127.0.0.1@evil.example",
    "evil.example:127.0.0.1",
    "evil.example#localhost",
    "localhost,evil.example",
    "localhost:4000:1",
    "localhost:",
    "localhost:123456",
    "x.tokens.example.org",
    "tokens.example.org.evil.example",
    "10.0.0.70",
    "128.0.0.1",
    "0.0.0.0",
    "[::]",
    "::1:",
    "[fd00::8]",
    " localhost",
    "localhost\u0000.evil.example",
  ])("refuses %p, before and after a good one was seen", (host) => {
    const isAllowed = createIsAllowedHost(named);
    expect(isAllowed(host)).toBe(false);
    expect(isAllowed("localhost")).toBe(true);
    expect(isAllowed(host)).toBe(false);
  });
});

function isProbe(path: string, init?: RequestInit): boolean {
  return isBareProbe(new Request(`http://localhost${path}`, init));
}

describe("isBareProbe", () => {
  test.each(["/livez", "/readyz?x=1", "/generic/health"])(
    "is GET or HEAD %s without Host",
    (path) => expect([isProbe(path), isProbe(path, { method: "HEAD" })]).toEqual([true, true]),
  );

  test("is nothing else, and nothing that names a host", () => {
    expect(isProbe("/livez", { headers: { host: "" } })).toBe(false);
    expect(isProbe("/livez", { headers: { host: "evil.example" } })).toBe(false);
    expect(isProbe("/livez", { method: "POST" })).toBe(false);
    for (const path of ["/", "/keys.json", "/metrics", "/feed", "/livez/"]) {
      expect([path, isProbe(path)]).toEqual([path, false]);
    }
  });
});
