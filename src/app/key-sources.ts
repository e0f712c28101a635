/** Lists the key sources that the configuration names. */
import type { Config } from "../config/load.ts";
import type { KeySourceSpec } from "../jwks/key-source.ts";

/** Common sources first; those of an issuer's table verify only that issuer's tokens. */
export function listKeySources(config: Config): readonly KeySourceSpec[] {
  const { settings, issuers } = config;
  return [
    ...settings.jwksFile.map((path) => ({ kind: "file" as const, path, issuer: undefined })),
    ...settings.jwksUrl.map((url) => ({ kind: "url" as const, url, issuer: undefined })),
    ...settings.oidcIssuers.map((issuer) => ({ kind: "oidc" as const, issuer })),
    ...issuers.flatMap(({ issuer, jwksFiles, jwksUrls, discovery }) => [
      ...jwksFiles.map((path) => ({ kind: "file" as const, path, issuer })),
      ...jwksUrls.map((url) => ({ kind: "url" as const, url, issuer })),
      ...(discovery ? [{ kind: "oidc" as const, issuer }] : []),
    ]),
  ];
}
