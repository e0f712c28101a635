/** What tests say of a verdict; a false acceptance shows the token's shape, never the token. */
import { expect } from "bun:test";
import { type Answer, type Identity, identityOf } from "./answer.ts";
import { shapeOf } from "./mint.ts";

/** The closed list of `x-tkn-reason` beside `ok` (contract §3). */
export const REASONS = [
  "E_TKN_INVALID",
  "E_TKN_LEGACY",
  "E_TKN_ACCESS_TOKEN_REQUIRED",
  "E_AUD_MISMATCH",
  "E_BACKEND_UNAVAIL",
];

/** The closed list of `x-tkn-detail`. */
export const DETAILS = [
  "missing",
  "malformed",
  "too_large",
  "ambiguous",
  "algorithm",
  "unknown_key",
  "signature",
  "decrypt",
  "expired",
  "not_yet_valid",
  "issuer",
  "audience",
  "claim",
  "legacy",
  "refresh_token",
  "revoked",
  "unavailable",
  "internal",
];

// A token that nothing looked at is no evidence: an exception and a server that hangs end so too.
const NOBODY_JUDGED = "E_BACKEND_UNAVAIL";

// Only these are said of a token whose signature held, so only beside them may its claims stand.
const SPEAKS_OF_CLAIMS = new Set([
  "expired",
  "not_yet_valid",
  "issuer",
  "audience",
  "claim",
  "legacy",
  "refresh_token",
  "revoked",
]);

/** The token was accepted; with `body`, its claims arrived byte for byte. */
export function expectValid(answer: Answer, body?: string): Identity {
  const identity = identityOf(answer);
  expect({ valid: identity.valid, reason: identity.reason }).toEqual({ valid: "1", reason: "ok" });
  if (body !== undefined) {
    expect(identity.body).toBe(Buffer.from(body).toString("latin1"));
  }
  return identity;
}

/**
 * The token was refused: delivered as not valid, with nothing of its claims unless the refusal is about them. That
 * nobody could judge it is such a refusal only where `expected` names it.
 */
export function expectRefused(
  answer: Answer,
  expected: { readonly reason?: string; readonly detail?: string | readonly string[] } = {},
  token = "",
): Identity {
  const identity = identityOf(answer);
  if (identity.valid === "1") throw new Error(`FALSE ACCEPTANCE of ${shapeOf(token)}`);
  expect(REASONS).toContain(String(identity.reason));
  expect(DETAILS).toContain(String(identity.detail));
  if (expected.reason !== undefined) expect(identity.reason).toBe(expected.reason);
  else if (expected.detail === undefined) expect(identity.reason).not.toBe(NOBODY_JUDGED);
  if (expected.detail !== undefined) {
    expect([expected.detail].flat()).toContain(String(identity.detail));
  }
  if (!SPEAKS_OF_CLAIMS.has(String(identity.detail))) {
    expect(identity).toMatchObject({ body: undefined, header: undefined });
    expect([identity.stateless, identity.legacy]).toEqual([undefined, undefined]);
  }
  return identity;
}

/** The token was not accepted: either delivered as not valid, or not delivered at all with an error of HAProxy's. */
export function expectNotAccepted(answer: Answer, token: string): void {
  if (answer.delivered === undefined) {
    expect([0, 400, 401, 403, 413, 414, 431]).toContain(answer.status);
    return;
  }
  expectRefused(answer, {}, token);
}
