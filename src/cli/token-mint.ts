/** `token mint`: signs a token with a key the user names, for trying out. */
import { constants, createHmac, sign, type KeyObject } from "node:crypto";
import type { Command } from "commander";
import { AppError } from "../core/app-error.ts";
import { JsonSyntaxError, parseJsonObject } from "../core/json-parse.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { jsonText } from "../core/revocation/json-text.ts";
import { JWS_ALGORITHMS, type JwsAlgorithm, type KeyShape } from "../core/token/algorithms.ts";
import { toWholeNumber } from "./numbers.ts";
import { readSigningKey } from "./signing-key.ts";

export function registerMint(token: Command): void {
  token
    .command("mint")
    .description("make a signed token for trying out; prints it alone on a line")
    .requiredOption("--key <file>", "PEM private key, JWK, set of JWKs, or the seed's list")
    .option("--kid <kid>", "which key of the file; and the kid in the token's header")
    .option("--alg <alg>", "signature algorithm (default: what the key is for)")
    .option("--claims <json>", "the claims; iat and exp are added where they are not given", "{}")
    .option("--subject <name>", "sets sub and username")
    .option("--expires-in <seconds>", "sets exp so far from now", toWholeNumber, "3600")
    .action(async (options: MintOptions) => {
      const key = await readSigningKey(options.key, options.kid);
      const algorithm = toAlgorithm(
        options.alg ?? key.alg ?? defaultAlg(key.material),
        key.material,
      );
      const kid = options.kid ?? key.kid;
      const header = JSON.stringify({
        alg: algorithm.name,
        typ: "JWT",
        ...(kid === undefined ? {} : { kid }),
      });
      const input = `${encode(header)}.${encode(toClaims(options))}`;
      const signature = signWith(algorithm, key.material, Buffer.from(input));
      process.stdout.write(`${input}.${signature.toString("base64url")}\n`);
    });
}

interface MintOptions {
  readonly key: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly claims: string;
  readonly subject?: string;
  readonly expiresIn: string;
}

function toClaims({ claims: text, subject, expiresIn }: MintOptions): string {
  const claims = new Map<string, JsonValue>(parseClaims(text));
  const now = Math.floor(Date.now() / 1000);
  if (subject !== undefined) claims.set("sub", subject).set("username", subject);
  if (!claims.has("iat")) claims.set("iat", now);
  if (!claims.has("exp")) claims.set("exp", now + Number(expiresIn));
  return jsonText(claims);
}

function parseClaims(text: string): JsonObject {
  try {
    return parseJsonObject(text).object;
  } catch (cause) {
    if (!(cause instanceof JsonSyntaxError)) throw cause;
    throw new AppError("usage", `--claims is not a JSON object: ${cause.message}`, { cause });
  }
}

/** RFC 7518's names (§6.2.1.1) by OpenSSL's. */
const CURVES: ReadonlyMap<string, string> = new Map([
  ["prime256v1", "P-256"],
  ["secp384r1", "P-384"],
  ["secp521r1", "P-521"],
]);

function defaultAlg(key: KeyObject): string {
  const first = [...JWS_ALGORITHMS.values()].find((algorithm) => isOfShape(key, algorithm.key));
  return first?.name ?? "";
}

function toAlgorithm(name: string, key: KeyObject): JwsAlgorithm {
  const algorithm = JWS_ALGORITHMS.get(name);
  if (algorithm === undefined) {
    throw new AppError("usage", `--alg takes ${[...JWS_ALGORITHMS.keys()].join(", ")}`);
  }
  // OpenSSL signs with any key, under whatever name: nobody could verify that.
  if (!isOfShape(key, algorithm.key)) {
    const needed =
      algorithm.key.kty === "oct" ? "a secret" : `a private ${shapeWords(algorithm.key)} key`;
    throw new AppError("usage", `The key cannot sign with ${name}, which takes ${needed}`);
  }
  return algorithm;
}

function isOfShape(
  { type, asymmetricKeyType, asymmetricKeyDetails }: KeyObject,
  shape: KeyShape,
): boolean {
  switch (shape.kty) {
    case "oct":
      return type === "secret";
    case "RSA":
      return asymmetricKeyType === "rsa";
    case "EC":
      return CURVES.get(asymmetricKeyDetails?.namedCurve ?? "") === shape.crv;
    case "OKP":
      return asymmetricKeyType === "ed25519";
  }
}

function shapeWords(shape: KeyShape): string {
  return "crv" in shape ? shape.crv : shape.kty;
}

function signWith({ name, scheme, hash }: JwsAlgorithm, key: KeyObject, input: Buffer): Buffer {
  if (scheme === "hmac")
    return createHmac(hash ?? "sha256", key)
      .update(input)
      .digest();
  const pss = {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  };
  try {
    return sign(hash ?? null, input, {
      key,
      ...(scheme === "pss" ? pss : {}),
      ...(scheme === "ecdsa" ? { dsaEncoding: "ieee-p1363" as const } : {}),
    });
  } catch (cause) {
    throw new AppError("usage", `The key cannot sign with ${name}`, { cause });
  }
}

function encode(text: string): string {
  return Buffer.from(text, "utf8").toString("base64url");
}
