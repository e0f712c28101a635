/** The tokens that tests call by name. */
import { createDecryptionKey, type DecryptionKey, encrypt } from "./decryption-keys.ts";
import { headerOf, mint } from "./mint.ts";
import { createSigningKey, type SigningKey } from "./signing-keys.ts";

/** The key material of one test file. */
export interface Keys {
  readonly hs: SigningKey;
  readonly rs: SigningKey;
  readonly es: SigningKey;
  /** Published by nobody. */
  readonly foreign: SigningKey;
  readonly dir: DecryptionKey;
}

/** Makes the keys that most files use. */
export function createKeys(): Keys {
  return {
    hs: createSigningKey("HS256"),
    rs: createSigningKey("RS256"),
    es: createSigningKey("ES256"),
    foreign: createSigningKey("RS256", "key-rs256"),
    dir: createDecryptionKey("dir", "A256CBC-HS512"),
  };
}

/** Whole seconds since 1970, as tokens count them. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Claims of a good token that is an hour old at most; `more` adds or replaces. */
export function claims(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const now = nowSeconds();
  return {
    iss: "https://issuer.test",
    sub: "bob",
    username: "bob",
    iat: now - 10,
    exp: now + 3600,
    jti: crypto.randomUUID(),
    ...more,
  };
}

/** A good token of each kind that the default keys make. */
export const GOOD_TOKENS: readonly {
  readonly name: string;
  readonly make: (keys: Keys, payload: string) => string | Promise<string>;
}[] = [
  { name: "HS256", make: (keys, payload) => mint(keys.hs, payload) },
  { name: "RS256", make: (keys, payload) => mint(keys.rs, payload) },
  { name: "ES256", make: (keys, payload) => mint(keys.es, payload) },
  { name: "JWE dir", make: (keys, payload) => encrypt(keys.dir, payload) },
];

/** A token whose signature is of another key with the same `kid`. */
export function foreignToken(keys: Keys): string {
  return mint(keys.foreign, claims());
}

/** A token whose claims were changed after signing. */
export function forgedToken(keys: Keys): string {
  const [header, , signature] = mint(keys.rs, claims()).split(".");
  const payload = Buffer.from(JSON.stringify(claims({ username: "root" }))).toString("base64url");
  return `${header}.${payload}.${signature}`;
}

/** A token that ended a minute ago. */
export function expiredToken(keys: Keys): string {
  return mint(keys.rs, claims({ exp: nowSeconds() - 60 }));
}

/** A token whose `kid` nobody has. */
export function unknownKidToken(keys: Keys): string {
  return mint(keys.rs, claims(), { ...headerOf(keys.rs), kid: "nobody" });
}
