/** What counts as taken away when keys or policy change. */
import { describe, expect, test } from "bun:test";
import { grounds } from "../../src/app/judging.ts";
import { parseDecryptionKeys } from "../../src/core/jwks/decryption-key.ts";
import { KeyRing } from "../../src/core/jwks/key-ring.ts";
import { createDecryptionKey } from "../helpers/decryption-keys.ts";

const { jwk } = createDecryptionKey("dir", "A256GCM");

/** The grounds of one decryption key that has, or has not, more members. */
function groundsOf(more: object): ReadonlySet<string> {
  return grounds(new KeyRing([]), {
    policies: { common: {}, byIssuer: new Map() } as unknown as Parameters<
      typeof grounds
    >[1]["policies"],
    decryptionKeys: parseDecryptionKeys(JSON.stringify({ ...jwk, ...more })),
  });
}

describe("the grounds of a verdict", () => {
  test("are others once a decryption key is bound to an issuer", () => {
    const free = groundsOf({});
    const bound = groundsOf({ issuer: "https://a" });
    expect(free.isSubsetOf(groundsOf({}))).toBe(true);
    expect(free.isSubsetOf(bound)).toBe(false);
    expect(bound.isSubsetOf(groundsOf({ issuer: "https://b" }))).toBe(false);
  });
});
