import { describeAttacks } from "../../helpers/attack-suite.ts";
import { mint } from "../../helpers/mint.ts";
import { createKeys, nowSeconds } from "../../helpers/tokens.ts";

const keys = createKeys();
const exp = nowSeconds() + 3600;
const past = nowSeconds() - 3600;
const header = `"typ":"JWT","kid":"${keys.hs.kid}"`;
const payloads: readonly (readonly [string, string])[] = [
  ["exp twice, the first over", `{"sub":"bob","exp":${past},"exp":${exp}}`],
  ["exp twice, the last over", `{"sub":"bob","exp":${exp},"exp":${past}}`],
  ["exp twice, the same", `{"sub":"bob","exp":${exp},"exp":${exp}}`],
  ["sub twice", `{"sub":"bob","sub":"root","exp":${exp}}`],
  ["a name twice, once escaped", `{"sub":"bob","s\\u0075b":"root","exp":${exp}}`],
  ["a name twice inside a claim", `{"sub":"bob","a":{"b":1,"b":2},"exp":${exp}}`],
  ["__proto__ twice", `{"sub":"bob","__proto__":{},"__proto__":{},"exp":${exp}}`],
];
const headers: readonly (readonly [string, string])[] = [
  ["alg twice, none last", `{"alg":"HS256","alg":"none",${header}}`],
  ["alg twice, none first", `{"alg":"none","alg":"HS256",${header}}`],
  ["alg twice, the same", `{"alg":"HS256","alg":"HS256",${header}}`],
  ["alg twice, once escaped", `{"alg":"HS256","\\u0061lg":"none",${header}}`],
  ["kid twice", `{"alg":"HS256","kid":"other",${header}}`],
  ["an unused name twice", `{"alg":"HS256","x":1,"x":2,${header}}`],
];

describeAttacks("members that are there twice", {
  edge: { keys },
  controls: [
    {
      name: "each once",
      token: mint(keys.hs, `{"sub":"bob","exp":${exp}}`, `{"alg":"HS256",${header}}`),
    },
    {
      name: "the same name in two objects",
      token: mint(keys.hs, `{"sub":"bob","a":{"sub":1},"exp":${exp}}`),
    },
  ],
  attacks: [
    ...payloads.map(([name, text]) => ({
      name: `claims with ${name}`,
      token: mint(keys.hs, text),
      detail: "malformed",
    })),
    ...headers.map(([name, text]) => ({
      name: `a header with ${name}`,
      token: mint(keys.hs, `{"sub":"bob","exp":${exp}}`, text),
      detail: "malformed",
    })),
  ],
});
