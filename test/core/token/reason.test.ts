import { describe, expect, test } from "bun:test";
import { type Detail, isFinal, reasonOf } from "../../../src/core/token/reason.ts";
import { reasonOfVerdict, refused } from "../../../src/core/token/verdict.ts";

describe("reasons", () => {
  const reasons: Readonly<Record<Detail, string>> = {
    missing: "E_TKN_INVALID",
    malformed: "E_TKN_INVALID",
    too_large: "E_TKN_INVALID",
    ambiguous: "E_TKN_INVALID",
    algorithm: "E_TKN_INVALID",
    unknown_key: "E_TKN_INVALID",
    signature: "E_TKN_INVALID",
    decrypt: "E_TKN_INVALID",
    expired: "E_TKN_INVALID",
    not_yet_valid: "E_TKN_INVALID",
    issuer: "E_TKN_INVALID",
    audience: "E_AUD_MISMATCH",
    claim: "E_TKN_INVALID",
    legacy: "E_TKN_LEGACY",
    refresh_token: "E_TKN_ACCESS_TOKEN_REQUIRED",
    revoked: "E_TKN_INVALID",
    unavailable: "E_BACKEND_UNAVAIL",
    internal: "E_BACKEND_UNAVAIL",
  };
  const entries = Object.entries(reasons) as [Detail, string][];

  test.each(entries)("of %s is %s", (detail, reason) => {
    expect(reasonOf(detail) as string).toBe(reason);
    expect(reasonOfVerdict(refused(detail)) as string).toBe(reason);
  });

  test("that time or a fetch may mend are not final", () => {
    const open = entries.map(([detail]) => detail).filter((detail) => !isFinal(detail));
    expect(open).toEqual(["unknown_key", "not_yet_valid", "unavailable", "internal"]);
  });
});
