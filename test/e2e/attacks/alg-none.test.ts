import { encode, headerOf, mint, withPart } from "../../helpers/mint.ts";
import { type Attack, describeAttacks } from "../../helpers/attack-suite.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();

/** A token that says `alg` of itself, with the signature of a good one, or with none. */
function says(alg: unknown): Attack[] {
  const header = encode({ ...headerOf(keys.hs), alg });
  const good = mint(keys.hs, claims());
  const named = `alg ${JSON.stringify(alg)}`;
  const detail = typeof alg === "string" ? "algorithm" : "malformed";
  return [
    { name: `${named} with a signature`, token: withPart(good, 0, header), detail },
    {
      name: `${named} without a signature`,
      token: withPart(withPart(good, 0, header), 2, ""),
      detail,
    },
    {
      name: `${named}, signed over what it says`,
      token: mint(keys.hs, claims(), { ...headerOf(keys.hs), alg }),
      detail,
    },
  ];
}

const { alg: _alg, ...withoutAlg } = headerOf(keys.hs);

describeAttacks("alg that is none, another's, or no string", {
  edge: { keys },
  controls: [
    { name: "HS256", token: mint(keys.hs, claims()) },
    { name: "RS256", token: mint(keys.rs, claims()) },
    { name: "ES256", token: mint(keys.es, claims()) },
  ],
  attacks: [
    ...["none", "None", "NONE", "nOnE", "none ", " none", "none\u0000"].flatMap(says),
    ...["", "hs256", "Hs256", "HS256 ", " HS256", "HS25", "HS2567", "HS256\n", "HS"].flatMap(says),
    ...["HS1", "RS1", "MD5", "A256GCM", "dir", "ES256K", "HS256,none", "constructor"].flatMap(says),
    ...[null, 0, 256, true, false, ["HS256"], { alg: "HS256" }, [], {}].flatMap(says),
    { name: "no alg at all", token: mint(keys.hs, claims(), withoutAlg), detail: "malformed" },
    {
      name: "another algorithm of the key's family that the key's format cannot deny, wrongly signed",
      token: mint(keys.hs, claims(), { ...headerOf(keys.hs), alg: "HS512" }),
      detail: "signature",
    },
    {
      name: "RS256's key under PS256",
      token: mint(keys.rs, claims(), { ...headerOf(keys.rs), alg: "PS256" }),
      detail: "algorithm",
    },
    {
      name: "RS256's key under ES256",
      token: mint(keys.rs, claims(), { ...headerOf(keys.rs), alg: "ES256" }),
      detail: "algorithm",
    },
    {
      name: "ES256's key under EdDSA",
      token: mint(keys.es, claims(), { ...headerOf(keys.es), alg: "EdDSA" }),
      detail: "algorithm",
    },
    {
      name: "ES256's key under ES384",
      token: mint(keys.es, claims(), { ...headerOf(keys.es), alg: "ES384" }),
      detail: "algorithm",
    },
  ],
});
