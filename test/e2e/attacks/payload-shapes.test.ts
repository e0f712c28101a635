import { type Attack, describeAttacks } from "../../helpers/attack-suite.ts";
import { headerOf, mint } from "../../helpers/mint.ts";
import { claims, createKeys, nowSeconds } from "../../helpers/tokens.ts";

const keys = createKeys();
const exp = nowSeconds() + 3600;
const object = JSON.stringify(claims());
const nested = (depth: number) => `{"exp":${exp},"a":${"[".repeat(depth)}${"]".repeat(depth)}}`;
const shapes: readonly (readonly [string, string | Buffer])[] = [
  ["an array", `[${object}]`],
  ["a string", JSON.stringify(object)],
  ["a number", "1"],
  ["true", "true"],
  ["null", "null"],
  ["nothing", ""],
  ["a space", " "],
  ["two objects", `${object}${object}`],
  ["trailing bytes", `${object}x`],
  ["a trailing NUL", `${object}\0`],
  ["a trailing comma", `{"sub":"bob","exp":${exp},}`],
  ["a comment", `{"sub":"bob",/* */"exp":${exp}}`],
  ["single quotes", `{'sub':'bob','exp':${exp}}`],
  ["names without quotes", `{sub:"bob",exp:${exp}}`],
  ["an object that does not end", object.slice(0, -1)],
  ["a byte order mark", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(object)])],
  ["UTF-16", Buffer.from(object, "utf16le")],
  ["invalid UTF-8", Buffer.from(`{"sub":"b\xff","exp":${exp}}`, "latin1")],
  ["an overlong UTF-8 form", Buffer.from(`{"sub":"\xc0\xaf","exp":${exp}}`, "latin1")],
  ["a surrogate in UTF-8", Buffer.from(`{"sub":"\xed\xa0\x80","exp":${exp}}`, "latin1")],
  ["a raw control character in a string", `{"sub":"b\u0001","exp":${exp}}`],
  ["a raw line break in a string", `{"sub":"b\n","exp":${exp}}`],
  ["NaN", `{"sub":"bob","exp":NaN}`],
  ["Infinity", `{"sub":"bob","exp":Infinity}`],
  ["a hexadecimal number", `{"sub":"bob","exp":0x7fffffff}`],
  ["a number with a leading zero", `{"sub":"bob","n":01,"exp":${exp}}`],
  ["a number with a plus", `{"sub":"bob","exp":+${exp}}`],
  ["a number without its whole part", `{"sub":"bob","n":.5,"exp":${exp}}`],
  ["an unknown escape", `{"sub":"\\x41","exp":${exp}}`],
  ["arrays 1 500 deep", nested(1500)],
];
const inHeader: readonly (readonly [string, string])[] = [
  ["an array", `[${JSON.stringify(headerOf(keys.hs))}]`],
  ["a string", JSON.stringify("HS256")],
  ["null", "null"],
  ["nothing", ""],
  ["trailing bytes", `${JSON.stringify(headerOf(keys.hs))}x`],
  [
    "arrays 1 500 deep",
    `{"alg":"HS256","kid":"${keys.hs.kid}","a":${"[".repeat(1500)}${"]".repeat(1500)}}`,
  ],
];

describeAttacks("claims and headers that are no JSON object, or no JSON", {
  edge: { keys },
  controls: [
    { name: "an object", token: mint(keys.hs, object) },
    { name: "an object in white space", token: mint(keys.hs, `\n ${object}\t\r\n`) },
    { name: "arrays 5 deep", token: mint(keys.hs, nested(5)) },
    { name: "text beyond ASCII", token: mint(keys.hs, claims({ name: "Zoë 🦊" })) },
  ],
  attacks: [
    ...shapes.map(([name, payload]): Attack => ({
      name: `claims that are ${name}`,
      token: mint(keys.hs, payload),
      detail: "malformed",
    })),
    {
      name: "claims with a number of 2 000 digits for exp",
      token: mint(keys.hs, `{"sub":"bob","exp":${"9".repeat(2000)}}`),
      detail: "claim",
    },
    ...inHeader.map(([name, header]): Attack => ({
      name: `a header that is ${name}`,
      token: mint(keys.hs, claims(), header),
      detail: "malformed",
    })),
  ],
});
