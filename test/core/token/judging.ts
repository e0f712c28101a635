/** A judge of given keys and policy at a fixed time, for the tests of judging. */
import { parseDecryptionKeys } from "../../../src/core/jwks/decryption-key.ts";
import { KeyRing } from "../../../src/core/jwks/key-ring.ts";
import { parseKeySet } from "../../../src/core/jwks/key-set.ts";
import { createJudge, type FindRevocation, type Judge } from "../../../src/core/token/judge.ts";
import type { Policy, PolicySet } from "../../../src/core/token/policy.ts";
import type { Verdict } from "../../../src/core/token/verdict.ts";

export const NOW = 1_700_000_000;

/** Claims that are accepted at NOW; `more` adds or replaces. */
export function claims(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { iss: "https://a", sub: "bob", iat: NOW - 10, exp: NOW + 100, st: true, ...more };
}

export const POLICY: Policy = {
  issuers: undefined,
  audiences: undefined,
  requireExp: true,
  requiredClaims: [],
  types: undefined,
  maxTokenAge: undefined,
  clockSkew: 5,
  subjectClaims: ["username", "sub"],
  legacy: "accept",
  algorithms: undefined,
};

type Entries = readonly Readonly<Record<string, unknown>>[];

/** A ring of entries, each bound to the issuer it stands under; the empty name binds to none. */
export async function ringOf(
  entries: Readonly<Record<string, Entries>> | Entries,
): Promise<KeyRing> {
  const byIssuer: [string, Entries][] = Array.isArray(entries)
    ? [["", entries as Entries]]
    : Object.entries(entries);
  const sets = await Promise.all(
    byIssuer.map(([issuer, list]) =>
      parseKeySet(JSON.stringify(list), {
        source: `source of ${issuer}`,
        issuer: issuer === "" ? undefined : issuer,
        allowShortSecrets: false,
      }),
    ),
  );
  return new KeyRing(sets.flatMap(({ keys }) => keys));
}

export interface Setting {
  readonly ring?: KeyRing | (() => KeyRing);
  readonly decryption?: Entries;
  readonly policy?: Partial<Policy>;
  readonly byIssuer?: Readonly<Record<string, Partial<Policy>>>;
  readonly policies?: () => PolicySet;
  readonly findRevocation?: FindRevocation;
  readonly now?: () => number;
  readonly maxTokenBytes?: number;
  readonly rememberedTokens?: number;
}

/** Makes the judge; what is not set is as plain as can be. */
export function createTestJudge(setting: Setting): Judge {
  const common = { ...POLICY, ...setting.policy };
  const own = Object.entries(setting.byIssuer ?? {});
  const policies: PolicySet = {
    common,
    byIssuer: new Map(own.map(([issuer, policy]) => [issuer, { ...common, ...policy }])),
  };
  const decryptionKeys = parseDecryptionKeys(JSON.stringify(setting.decryption ?? []));
  const { ring = new KeyRing([]) } = setting;
  return createJudge({
    ring: typeof ring === "function" ? ring : () => ring,
    decryptionKeys: () => decryptionKeys,
    policies: setting.policies ?? (() => policies),
    findRevocation: setting.findRevocation ?? (() => undefined),
    nowSeconds: setting.now ?? (() => NOW),
    maxTokenBytes: setting.maxTokenBytes ?? 8192,
    ...(setting.rememberedTokens === undefined
      ? {}
      : { rememberedTokens: setting.rememberedTokens }),
  });
}

/** `ok`, or the detail of the refusal; claims beside a detail that must have none fail loudly. */
export async function outcome(verdict: Verdict | Promise<Verdict>): Promise<string> {
  const settled = await verdict;
  if (settled.isValid) return "ok";
  const speaks = SPEAKS_OF_CLAIMS.has(settled.detail);
  if (speaks !== (settled.token !== undefined)) return `${settled.detail} with or without claims`;
  return settled.detail;
}

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
