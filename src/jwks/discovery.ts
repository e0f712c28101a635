/** OpenID Connect discovery: from an issuer to the address of its keys. */
import { JsonSyntaxError, parseJsonObject } from "../core/json-parse.ts";
import { fetchText, FetchTextError } from "./fetch-text.ts";

/**
 * Finds an issuer's `jwks_uri` (OpenID Connect Discovery 1.0 §4). The document must name exactly the
 * issuer that was asked (§4.3), else another tenant's keys could be slipped in.
 *
 * @throws FetchTextError where it cannot be read, or names another issuer or no usable address.
 */
export async function discoverJwksUrl(
  issuer: string,
  limits: { readonly timeoutMs: number; readonly maxBytes: number },
): Promise<string> {
  const base = issuer.endsWith("/") ? issuer.slice(0, -1) : issuer;
  const url = `${base}/.well-known/openid-configuration`;
  const { text = "" } = await fetchText(url, { ...limits, etag: undefined });
  const members = parseDocument(text);
  if (members.get("issuer") !== issuer) {
    throw new FetchTextError("its discovery document names another issuer");
  }
  const address = members.get("jwks_uri");
  if (typeof address !== "string" || !isAllowed(address, issuer)) {
    throw new FetchTextError("its discovery document names no usable jwks_uri");
  }
  return address;
}

function parseDocument(text: string) {
  try {
    return parseJsonObject(text).object;
  } catch (error) {
    if (error instanceof JsonSyntaxError)
      throw new FetchTextError("its discovery document is not JSON");
    throw error;
  }
}

/** An issuer on https must not send us to plain http for its keys. */
function isAllowed(address: string, issuer: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol } = new URL(address);
  return protocol === "https:" || (protocol === "http:" && issuer.startsWith("http:"));
}
