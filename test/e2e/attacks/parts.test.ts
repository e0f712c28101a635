import { describeAttacks } from "../../helpers/attack-suite.ts";
import { encode, mint, splitToken } from "../../helpers/mint.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
const good = mint(keys.hs, claims());
const [header = "", payload = "", signature = ""] = splitToken(good);
const flattened = { protected: header, payload, signature };
const general = { payload, signatures: [{ protected: header, signature }] };

describeAttacks("tokens of another number of parts, or of another serialisation", {
  edge: { keys },
  controls: [{ name: "three parts", token: good }],
  attacks: [
    { name: "one part", token: header, detail: "malformed" },
    { name: "a word", token: "hello", detail: "malformed" },
    { name: "two parts", token: `${header}.${payload}`, detail: "malformed" },
    { name: "four parts", token: `${good}.${signature}`, detail: "malformed" },
    { name: "four parts, the last empty", token: `${good}.`, detail: "malformed" },
    { name: "four parts, the first empty", token: `.${good}`, detail: "malformed" },
    {
      name: "five parts that are no JWE",
      token: `${good}.${payload}.${signature}`,
      detail: "malformed",
    },
    { name: "six parts", token: `${good}.${good}`, detail: "malformed" },
    {
      name: "a hundred parts",
      token: Array.from({ length: 100 }, () => "e30").join("."),
      detail: "malformed",
    },
    { name: "five thousand dots", token: ".".repeat(5000), detail: "malformed" },
    { name: "two dots", token: "..", detail: "malformed" },
    { name: "four dots", token: "....", detail: "malformed" },
    { name: "a detached payload", token: `${header}..${signature}`, detail: "signature" },
    { name: "flattened JSON", token: JSON.stringify(flattened), isUnsendable: true },
    { name: "general JSON", token: JSON.stringify(general), isUnsendable: true },
    { name: "flattened JSON in base64url", token: encode(flattened), detail: "malformed" },
    { name: "the token in quotes", token: `"${good}"`, detail: "malformed" },
    { name: "the token in base64url", token: encode(good), detail: "malformed" },
    {
      name: "the token as its own signature's claims",
      token: mint(keys.hs, good),
      detail: "malformed",
    },
  ],
});
