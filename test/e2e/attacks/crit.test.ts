import { describeAttacks } from "../../helpers/attack-suite.ts";
import { headerOf, mint } from "../../helpers/mint.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
const headers: readonly (readonly [string, Record<string, unknown>])[] = [
  ["crit with an unknown name", { crit: ["urn:example:x"], "urn:example:x": true }],
  ["crit naming exp", { crit: ["exp"], exp: 1 }],
  ["crit naming b64, b64 false", { crit: ["b64"], b64: false }],
  ["crit naming b64, b64 true", { crit: ["b64"], b64: true }],
  ["b64 false without crit", { b64: false }],
  ["crit that is empty", { crit: [] }],
  ["crit that is a string", { crit: "exp" }],
  ["crit that is null", { crit: null }],
  ["crit that is an object", { crit: {} }],
  ["crit of a number", { crit: [1] }],
  ["crit naming what is not there", { crit: ["nothing"] }],
  ["crit naming alg", { crit: ["alg"] }],
  ["crit naming a name twice", { crit: ["a", "a"], a: 1 }],
];

describeAttacks("header parameters that must be understood and are not", {
  edge: { keys },
  controls: [
    { name: "a header without crit", token: mint(keys.rs, claims()) },
    {
      name: "a parameter that nobody has to understand",
      token: mint(keys.rs, claims(), { ...headerOf(keys.rs), "urn:example:x": true }),
    },
  ],
  attacks: [keys.hs, keys.rs, keys.es].flatMap((key) =>
    headers.map(([name, more]) => ({
      name: `${name}, ${key.alg}`,
      token: mint(key, claims(), { ...headerOf(key), ...more }),
      detail: "malformed",
    })),
  ),
});
