import { type Attack, describeAttacks } from "../../helpers/attack-suite.ts";
import { headerOf, mint } from "../../helpers/mint.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
const ISS = "https://issuer.test";
const AUD = "https://api.test";
const good = claims({ iss: ISS, aud: AUD });

function without(name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(good).filter(([member]) => member !== name));
}

const issuers: readonly unknown[] = [
  "https://issuer.test/",
  "https://issuer.tes",
  "https://issuer.test.evil.test",
  "HTTPS://ISSUER.TEST",
  "http://issuer.test",
  " https://issuer.test",
  "",
  "*",
  null,
  1,
  true,
  [ISS],
  { iss: ISS },
];
const audiences: readonly unknown[] = [
  "https://api.test/",
  "https://api.tes",
  "https://api.test.evil.test",
  `${AUD} https://other.test`,
  `${AUD},https://other.test`,
  "",
  "*",
  null,
  1,
  true,
  [],
  [""],
  ["https://other.test"],
  [[AUD]],
  [1, null],
  { aud: AUD },
  { 0: AUD, length: 1 },
];

describeAttacks("iss and aud that are not ours", {
  edge: {
    keys,
    serverEnv: { JWT_ISSUER: `${ISS},https://second.test`, JWT_AUDIENCE: `${AUD},urn:other:api` },
  },
  controls: [
    { name: "both as accepted", token: mint(keys.hs, good) },
    {
      name: "the second issuer",
      token: mint(keys.hs, claims({ ...good, iss: "https://second.test" })),
    },
    {
      name: "the second audience",
      token: mint(keys.hs, claims({ ...good, aud: "urn:other:api" })),
    },
    {
      name: "an audience among others",
      token: mint(keys.hs, claims({ ...good, aud: ["urn:x", AUD] })),
    },
  ],
  attacks: [
    ...issuers.map((iss): Attack => ({
      name: `iss ${JSON.stringify(iss)}`,
      token: mint(keys.hs, { ...good, iss }),
      detail: "issuer",
      reason: "E_TKN_INVALID",
    })),
    { name: "no iss", token: mint(keys.hs, without("iss")), detail: "issuer" },
    ...audiences.map((aud): Attack => ({
      name: `aud ${JSON.stringify(aud)}`,
      token: mint(keys.hs, { ...good, aud }),
      detail: "audience",
      reason: "E_AUD_MISMATCH",
    })),
    { name: "no aud", token: mint(keys.hs, without("aud")), detail: "audience" },
    {
      name: "iss and aud in the header only",
      token: mint(keys.hs, claims({ iss: "x", aud: "y" }), {
        ...headerOf(keys.hs),
        iss: ISS,
        aud: AUD,
      }),
      detail: "issuer",
    },
  ],
});

describeAttacks("typ of another kind of token", {
  edge: { keys, serverEnv: { JWT_TYP: "at+jwt" } },
  controls: [
    {
      name: "the accepted typ",
      token: mint(keys.hs, claims(), { ...headerOf(keys.hs), typ: "at+jwt" }),
    },
    {
      name: "the accepted typ by its full name",
      token: mint(keys.hs, claims(), { ...headerOf(keys.hs), typ: "application/at+jwt" }),
    },
  ],
  attacks: [
    ...["JWT", "jwt", "logout+jwt", "dpop+jwt", "at+jwtx", "at", "", null, 1, ["at+jwt"]].map(
      (typ): Attack => ({
        name: `typ ${JSON.stringify(typ)}`,
        token: mint(keys.hs, claims(), { ...headerOf(keys.hs), typ }),
        detail: typeof typ === "string" ? "claim" : "malformed",
      }),
    ),
    {
      name: "no typ",
      token: mint(keys.hs, claims(), { alg: "HS256", kid: keys.hs.kid }),
      detail: "claim",
    },
  ],
});
