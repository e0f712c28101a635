import { generateKeyPairSync } from "node:crypto";
import { describeAttacks } from "../../helpers/attack-suite.ts";
import { mint } from "../../helpers/mint.ts";
import { createSecretKey, toSigningKey } from "../../helpers/signing-keys.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
const strong = createSecretKey("HS256", "strong");
const strong512 = createSecretKey("HS512", "strong-512", "x".repeat(64));
const blank = createSecretKey("HS256", "blank", "");
const space = createSecretKey("HS256", "space", " ");
const short = createSecretKey("HS256", "short", "s".repeat(31));
const seeds = createSecretKey("HS256", "seed", "your-super-secure-secret");
const half = createSecretKey("HS512", "half", "h".repeat(63));
const rsa1024 = toSigningKey(
  "RS256",
  "rsa-1024",
  generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey,
);

const shortEntries = [blank.entry, space.entry, short.entry, seeds.entry];
const published = [strong.entry, strong512.entry, half.entry, keys.rs.entry];

describeAttacks("secrets that are blank or shorter than their hash, and RSA keys too small", {
  edge: { keys, keyFile: [...published, ...shortEntries, rsa1024.entry] },
  controls: [
    { name: "a secret of 64 bytes", token: mint(strong, claims()) },
    { name: "an RSA key of 2048 bits", token: mint(keys.rs, claims()) },
    { name: "HS512 with 64 bytes", token: mint(strong512, claims()) },
    {
      name: "HS256 with a secret of 63 bytes, which is too short for HS512 only",
      token: mint({ ...createSecretKey("HS256", "half", "h".repeat(63)) }, claims()),
    },
  ],
  attacks: [
    { name: "a blank secret", token: mint(blank, claims()), detail: "unknown_key" },
    { name: "a secret of one space", token: mint(space, claims()), detail: "unknown_key" },
    {
      name: "a secret of 31 bytes under HS256",
      token: mint(short, claims()),
      detail: "unknown_key",
    },
    {
      name: "the seed's sample of 24 bytes",
      token: mint(seeds, claims()),
      detail: "unknown_key",
    },
    { name: "a secret of 63 bytes under HS512", token: mint(half, claims()), detail: "algorithm" },
    {
      name: "a blank secret under the kid of a strong one",
      token: mint(createSecretKey("HS256", "strong", ""), claims()),
      detail: "signature",
    },
    {
      name: "a secret of zeros under the kid of a strong one",
      token: mint(createSecretKey("HS256", "strong", "\0".repeat(32)), claims()),
      detail: "signature",
    },
    {
      name: "a published RSA key of 1024 bits",
      token: mint(rsa1024, claims()),
      detail: "unknown_key",
    },
  ],
});

describeAttacks("short secrets where the operator allows them", {
  edge: {
    keys,
    keyFile: [keys.rs.entry, seeds.entry, blank.entry],
    serverEnv: { JWT_ALLOW_SHORT_SECRETS: "true" },
    haproxyEnv: { JWT_ALLOW_SHORT_SECRETS: "true" },
  },
  controls: [{ name: "the seed's sample of 24 bytes", token: mint(seeds, claims()) }],
  attacks: [
    { name: "a blank secret all the same", token: mint(blank, claims()), detail: "unknown_key" },
  ],
});
