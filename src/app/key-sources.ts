/** Lists the key sources that the configuration names. */
import type { IssuerSettings } from "../config/issuers.ts";
import type { Settings } from "../config/settings.ts";
import type { KeySourceSpec } from "../jwks/key-source.ts";

/** Common sources first; those of an issuer's table verify only that issuer's tokens. */
export function listKeySources(
  { jwksFile = [], jwksUrl = [], oidcIssuers = [] }: Partial<Settings>,
  issuers: readonly IssuerSettings[],
): readonly KeySourceSpec[] {
  return [
    ...jwksFile.map((path) => ({ kind: "file" as const, path, issuer: undefined })),
    ...jwksUrl.map((url) => ({ kind: "url" as const, url, issuer: undefined })),
    ...oidcIssuers.map((issuer) => ({ kind: "oidc" as const, issuer })),
    ...issuers.flatMap(({ issuer, jwksFiles, jwksUrls, discovery }) => [
      ...jwksFiles.map((path) => ({ kind: "file" as const, path, issuer })),
      ...jwksUrls.map((url) => ({ kind: "url" as const, url, issuer })),
      ...(discovery ? [{ kind: "oidc" as const, issuer }] : []),
    ]),
  ];
}
