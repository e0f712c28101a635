import { type Attack, describeAttacks } from "../../helpers/attack-suite.ts";
import { mint } from "../../helpers/mint.ts";
import { createKeys, nowSeconds } from "../../helpers/tokens.ts";

const keys = createKeys();
const now = nowSeconds();
// Far from the skew on both sides, so that the test's own seconds do not matter.
const SKEW = 60;

/** Claims with a time written exactly so; `exp` is good unless it is the one. */
function withTime(name: string, literal: string): string {
  const exp = name === "exp" ? "" : `,"exp":${now + 3600}`;
  return `{"sub":"bob","${name}":${literal}${exp}}`;
}

// What no time may be: only finite JSON numbers are times (RFC 7519 §2, NumericDate).
const NO_TIMES = [
  "null",
  `"${now + 1800}"`,
  '""',
  "true",
  "false",
  "[]",
  `[${now + 1800}]`,
  "{}",
  "1e999",
  "-1e999",
];
const noTimes: Attack[] = ["exp", "nbf", "iat"].flatMap((name) =>
  NO_TIMES.map((literal) => ({
    name: `${name} ${literal}`,
    token: mint(keys.hs, withTime(name, literal)),
    detail: "claim",
  })),
);
const past: Attack[] = [
  "0",
  "-1",
  "1",
  "1e-9",
  "-9223372036854775808",
  `${now - SKEW - 30}`,
  `${now - SKEW - 30}.5`,
].map((literal) => ({
  name: `exp ${literal}`,
  token: mint(keys.hs, withTime("exp", literal)),
  detail: "expired",
}));
const future: Attack[] = ["9223372036854775807", "1e300", `${now + SKEW + 600}`, "99999999999"].map(
  (literal) => ({
    name: `nbf ${literal}`,
    token: mint(keys.hs, withTime("nbf", literal)),
    detail: "not_yet_valid",
  }),
);

describeAttacks("times that are none, over, or yet to come", {
  edge: { keys, serverEnv: { JWT_CLOCK_SKEW: String(SKEW) }, haproxyEnv: { JWT_CACHE_TTL: "0" } },
  controls: [
    { name: "exp in an hour", token: mint(keys.hs, withTime("exp", String(now + 3600))) },
    { name: "exp with a fraction", token: mint(keys.hs, withTime("exp", `${now + 3600}.5`)) },
    { name: "exp with an exponent", token: mint(keys.hs, withTime("exp", "2e10")) },
    { name: "exp of 2^63", token: mint(keys.hs, withTime("exp", "9223372036854775808")) },
    {
      name: "exp over by less than the skew",
      token: mint(keys.hs, withTime("exp", String(now - 5))),
    },
    {
      name: "nbf ahead by less than the skew",
      token: mint(keys.hs, withTime("nbf", String(now + 5))),
    },
    {
      name: "nbf and iat of 0",
      token: mint(keys.hs, `{"sub":"bob","nbf":0,"iat":0,"exp":${now + 60}}`),
    },
  ],
  attacks: [
    ...noTimes,
    ...past,
    ...future,
    { name: "no exp", token: mint(keys.hs, '{"sub":"bob"}'), detail: "claim" },
    {
      name: "Exp in capitals only",
      token: mint(keys.hs, `{"sub":"bob","Exp":${now + 3600}}`),
      detail: "claim",
    },
    {
      name: "exp inside another claim",
      token: mint(keys.hs, `{"sub":"bob","a":{"exp":${now + 3600}}}`),
      detail: "claim",
    },
  ],
});
