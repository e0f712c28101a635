import { describe, expect, test } from "bun:test";
import { fromReportedToken, toReportedToken } from "../../../src/app/workers/reported-token.ts";
import { parseClaims } from "../../../src/core/token/compact.ts";
import type { AuthenticToken } from "../../../src/core/token/verdict.ts";

function tokenWith(claimCount: number): AuthenticToken {
  const members = Array.from({ length: claimCount }, (_, n) => `"c${n}":{"n":${n}}`);
  const claimsText = `{${['"cs":9007199254740993', ...members].join()}}`;
  const claims = parseClaims(claimsText);
  if (claims === undefined) throw new TypeError("a test's claims are none");
  return {
    claimsText,
    claims,
    isStateless: true,
    subjects: ["bob"],
    issuer: "https://issuer.test",
    jweHeaderText: undefined,
    alg: "RS256",
    kid: "a",
    keyThumbprint: "t",
    keySource: "s",
  };
}

describe("a token that is reported to another thread", () => {
  test.each([0, 10, 100])("arrives with all of %d claims and all else", (count) => {
    const token = tokenWith(count);
    const arrived = fromReportedToken(structuredClone(toReportedToken(token)));
    const { claims, ...rest } = arrived;
    expect({ ...rest, claims: token.claims }).toEqual(token);
    expect(claims.object.get("cs")).toBe(9_007_199_254_740_993n);
    expect([...claims.object]).toEqual([...token.claims.object]);
    expect([...claims.spans]).toEqual([...token.claims.spans]);
  });
});
