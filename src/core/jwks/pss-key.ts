/**
 * Reads RSA keys whose own type says that they sign with PSS alone (id-RSASSA-PSS, RFC 4055 §3.1). The
 * library knows no such type: the same key is given to it as rsaEncryption, bound to what its type allows.
 */
import { createPublicKey, type KeyObject } from "node:crypto";
import { encode, membersOf, NULL, readElements, SEQUENCE, type DerElement } from "./der.ts";

export interface PssKey {
  readonly material: KeyObject;
  /** What its type allows: PS256, PS384 and PS512, or one; empty where its parameters fit none of them. */
  readonly algorithms: ReadonlySet<string>;
}

const RSASSA_PSS = Buffer.from("2a864886f70d01010a", "hex");
const RSA_ENCRYPTION = Buffer.from("2a864886f70d010101", "hex");
const MGF1 = encode(0x06, Buffer.from("2a864886f70d010108", "hex"));
/** What a salt's least length is where the parameters do not say (RFC 4055 §3.1). */
const DEFAULT_SALT_BYTES = 20;

/** RFC 7518 §3.5: the hash, MGF1 with the same hash, and a salt as long as it. */
const HASHES = [
  { algorithm: "PS256", bytes: 32, oid: "608648016503040201" },
  { algorithm: "PS384", bytes: 48, oid: "608648016503040202" },
  { algorithm: "PS512", bytes: 64, oid: "608648016503040203" },
] as const;

/** Reads a public key or certificate in PEM; undefined where its key is not of this type. */
export function readPssPem(pem: string): PssKey | undefined {
  const match = /-----BEGIN (PUBLIC KEY|CERTIFICATE)-----([A-Za-z0-9+/=\s]+)-----END \1-----/.exec(
    pem,
  );
  if (match?.[2] === undefined) return undefined;
  const der = Buffer.from(match[2], "base64");
  return readPssKey(match[1] === "CERTIFICATE" ? publicKeyOf(der) : der);
}

/** Reads a SubjectPublicKeyInfo; undefined where its key is not of this type. */
export function readPssKey(spki: Uint8Array | undefined): PssKey | undefined {
  const [info, ...beyond] = (spki && readElements(spki)) ?? [];
  const [identifier, key, ...more] = membersOf(info) ?? [];
  const [type, parameters, ...others] = membersOf(identifier) ?? [];
  if (type?.tag !== 0x06 || !RSASSA_PSS.equals(type.content) || key === undefined) return undefined;
  if (beyond.length + more.length + others.length > 0) return undefined;
  const plain = encode(SEQUENCE, encode(0x06, RSA_ENCRYPTION), NULL);
  const der = Buffer.from(encode(SEQUENCE, plain, key.whole));
  try {
    const material = createPublicKey({ key: der, format: "der", type: "spki" });
    return { material, algorithms: allowedBy(parameters) };
  } catch {
    return undefined;
  }
}

/** The SubjectPublicKeyInfo of a certificate (RFC 5280 §4.1): the sixth field after its version. */
function publicKeyOf(certificate: Uint8Array): Uint8Array | undefined {
  const [whole] = readElements(certificate) ?? [];
  const fields = membersOf(membersOf(whole)?.[0]) ?? [];
  return fields[fields[0]?.tag === 0xa0 ? 6 : 5]?.whole;
}

/** Without parameters the key is not bound to one hash. */
function allowedBy(parameters: DerElement | undefined): ReadonlySet<string> {
  const allowed = HASHES.filter(
    (hash) => parameters === undefined || isFor(hash, membersOf(parameters) ?? []),
  );
  return new Set(allowed.map(({ algorithm }) => algorithm));
}

function isFor({ oid, bytes }: (typeof HASHES)[number], members: readonly DerElement[]): boolean {
  const [hash, mask, salt, ...others] = members;
  const id = encode(0x06, Buffer.from(oid, "hex"));
  // Without parameters of its own or with NULL: both are to be accepted (RFC 4055 §2.1).
  const names = [encode(SEQUENCE, id), encode(SEQUENCE, id, NULL)];
  const masks = names.map((name) => encode(SEQUENCE, MGF1, name));
  return (
    isOneOf(hash, 0xa0, names) &&
    isOneOf(mask, 0xa1, masks) &&
    others.length === 0 &&
    saltBytes(salt) <= bytes
  );
}

function isOneOf(
  element: DerElement | undefined,
  tag: number,
  contents: readonly Uint8Array[],
): boolean {
  return contents.some((content) => {
    return element !== undefined && Buffer.from(encode(tag, content)).equals(element.whole);
  });
}

function saltBytes(element: DerElement | undefined): number {
  if (element === undefined) return DEFAULT_SALT_BYTES;
  const [number, ...others] = element.tag === 0xa2 ? (readElements(element.content) ?? []) : [];
  const isSmall = number?.tag === 0x02 && number.content.length === 1 && others.length === 0;
  const value = number?.content[0] ?? 0x80;
  return isSmall && value < 0x80 ? value : Number.POSITIVE_INFINITY;
}
