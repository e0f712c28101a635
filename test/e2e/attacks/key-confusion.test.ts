import { createPublicKey } from "node:crypto";
import { type Attack, describeAttacks } from "../../helpers/attack-suite.ts";
import { encode, mint } from "../../helpers/mint.ts";
import { createSecretKey, createSigningKey, type SigningKey } from "../../helpers/signing-keys.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
const ed = createSigningKey("EdDSA");

/** Every way in which a public key can be written down and taken for an HMAC secret. */
function textsOf(key: SigningKey): (readonly [string, Buffer | string])[] {
  if (key.privateKey === undefined) throw new TypeError("a secret key has no public half");
  const publicKey = createPublicKey(key.privateKey);
  const pem = publicKey.export({ type: "spki", format: "pem" });
  const der = publicKey.export({ type: "spki", format: "der" });
  const jwk = publicKey.export({ format: "jwk" });
  return [
    ["PEM", pem],
    ["PEM without its last line break", pem.trimEnd()],
    ["PEM with CRLF", pem.replaceAll("\n", "\r\n")],
    ["PEM without its frame", pem.replaceAll(/-----.*-----|\n/g, "")],
    ["DER", der],
    ["DER in base64url", der.toString("base64url")],
    ["JWK text", JSON.stringify(jwk)],
    ["JWK as published", JSON.stringify(key.jwk)],
    ["modulus or point", Buffer.from(jwk.n ?? jwk.x ?? "", "base64url")],
  ];
}

function confused(key: SigningKey): Attack[] {
  return textsOf(key).flatMap(([form, text]) =>
    (["HS256", "HS384", "HS512"] as const).flatMap((alg) => {
      const secret = createSecretKey(alg, key.kid, "");
      const signing = { ...secret, sign: (data: Buffer) => hmac(alg, text, data) };
      const name = `${alg} with ${key.alg}'s public key (${form}) as its secret`;
      return [
        { name, token: mint(signing, claims()), detail: "algorithm" },
        {
          name: `${name}, without kid`,
          token: mint(signing, claims(), { alg }),
          detail: "unknown_key",
        },
      ];
    }),
  );
}

function hmac(alg: string, secret: Buffer | string, data: Buffer): Buffer {
  return new Bun.CryptoHasher(alg.replace("HS", "sha") as "sha256", secret).update(data).digest();
}

const entries = [keys.rs.entry, keys.es.entry, ed.entry];

describeAttacks("a public key taken for an HMAC secret", {
  edge: { keys, keyFile: entries },
  controls: [
    { name: "RS256", token: mint(keys.rs, claims()) },
    { name: "ES256", token: mint(keys.es, claims()) },
    { name: "EdDSA of a key that can be nothing else", token: mint(ed, claims()) },
  ],
  attacks: [
    ...[keys.rs, keys.es, ed].flatMap(confused),
    {
      name: "RS256 whose signature is an HMAC of the key file",
      token: `${encode({ alg: "RS256", kid: keys.rs.kid })}.${encode(claims())}.${encode(
        hmac("HS256", JSON.stringify(entries), Buffer.from("x")),
      )}`,
      detail: "signature",
    },
  ],
});
