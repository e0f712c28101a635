import { describe, expect, test } from "bun:test";
import { type Compact, parseCompact } from "../../../src/core/token/compact.ts";
import { encode } from "../../helpers/mint.ts";

const HEADER = { alg: "HS256", kid: "k", typ: "JWT" };
const CLAIMS = { sub: "bob", exp: 5 };
const SIGNATURE = encode(Buffer.alloc(32, 1));

function jws(header: unknown = HEADER, claims: unknown = CLAIMS, signature = SIGNATURE): string {
  return `${encode(header)}.${encode(claims)}.${signature}`;
}

function jwe(header: unknown = { ...HEADER, alg: "dir", enc: "A128GCM" }): string {
  return [header, "", Buffer.alloc(12), "text", Buffer.alloc(16)].map(encode).join(".");
}

function parse(token: string, maxBytes = 8192): Compact | string {
  return parseCompact(token, maxBytes);
}

describe("parseCompact", () => {
  test("takes a JWS apart", () => {
    const token = jws();
    const parsed = parse(token);
    expect(parsed).toMatchObject({
      kind: "jws",
      header: { alg: "HS256", kid: "k", typ: "JWT", cty: undefined, text: JSON.stringify(HEADER) },
      claims: { text: JSON.stringify(CLAIMS) },
      signingInput: token.slice(0, token.lastIndexOf(".")),
    });
    expect(typeof parsed === "object" && parsed.kind === "jws" && parsed.signature.length).toBe(32);
  });

  test("takes a JWE apart", () => {
    expect(parse(jwe())).toMatchObject({ kind: "jwe", enc: "A128GCM", header: { alg: "dir" } });
  });

  test("takes a token of just the size allowed", () => {
    const token = jws();
    expect(parse(token, token.length)).toMatchObject({ kind: "jws" });
    expect(parse(token, token.length - 1)).toBe("too_large");
  });

  const good = jws();
  const [h = "", p = "", s = ""] = good.split(".");
  test.each([
    ["one part", h],
    ["two parts", `${h}.${p}`],
    ["four parts", `${h}.${p}.${s}.${s}`],
    ["six parts", `${h}.${p}.${s}.${s}.${s}.${s}`],
    ["seven parts", `${h}.${p}.${s}.${s}.${s}.${s}.${s}`],
    ["a dot before", `.${good}`],
    ["a dot after", `${good}.`],
    ["dots alone", ".."],
    ["four dots alone", "...."],
    ["no header", `.${p}.${s}`],
    ["a space before", ` ${good}`],
    ["a space after", `${good} `],
    ["a line break after", `${good}\n`],
    ["a byte order mark before", `\u00ef\u00bb\u00bf${good}`],
    ["quotes around", `"${good}"`],
    ["its scheme before", `Bearer ${good}`],
    ["the flattened JSON form", JSON.stringify({ protected: h, payload: p, signature: s })],
    [
      "the general JSON form",
      JSON.stringify({ payload: p, signatures: [{ protected: h, signature: s }] }),
    ],
    ["a padded signature", `${h}.${p}.${s}=`],
    ["a padded payload", `${h}.${p}==.${s}`],
    ["a signature with a loose bit", `${h}.${p}.${s.slice(0, -1)}F`],
    ["a plus in the signature", `${h}.${p}.+${s.slice(1)}`],
    ["a payload of no whole bytes", `${h}.A.${s}`],
    ["a JWE with a padded part", jwe().replace(/\.[^.]*$/, ".AA==")],
    ["a JWE with a part of no whole bytes", jwe().replace(/\.[^.]*$/, ".A")],
    ["a JWE in three parts", `${encode({ alg: "dir", enc: "A128GCM" })}.${p}.${s}`],
    ["a JWS in five parts", `${h}.${p}.${s}.${s}.${s}`],
  ])("refuses %s", (_, token) => {
    expect(parse(token)).toBe("malformed");
    expect(parse(good)).toMatchObject({ kind: "jws" });
  });

  const headers: readonly (readonly [name: string, header: unknown])[] = [
    ["not JSON", "alg=HS256"],
    ["empty", ""],
    ["a list", [HEADER]],
    ["null", "null"],
    ["a text", '"HS256"'],
    ["two objects", `${JSON.stringify(HEADER)}{}`],
    ["followed by a byte", `${JSON.stringify(HEADER)}\u0000`],
    ["marked with a byte order mark", `\ufeff${JSON.stringify(HEADER)}`],
    ["not UTF-8", Buffer.from('{"alg":"HS256","kid":"\u00e9"}', "latin1")],
    ["in UTF-16", Buffer.from(JSON.stringify(HEADER), "utf16le")],
    ["with alg twice", '{"alg":"none","alg":"HS256"}'],
    ["with alg twice, once escaped", '{"alg":"HS256","\\u0061lg":"none"}'],
    ["without alg", { kid: "k" }],
    ["with alg null", { ...HEADER, alg: null }],
    ["with alg as a number", { ...HEADER, alg: 256 }],
    ["with alg as a list", { ...HEADER, alg: ["HS256"] }],
    ["with alg as an object", { ...HEADER, alg: {} }],
    ["with kid as a number", { ...HEADER, kid: 1 }],
    ["with kid null", { ...HEADER, kid: null }],
    ["with kid as a list", { ...HEADER, kid: ["k"] }],
    ["with typ as a number", { ...HEADER, typ: 1 }],
    ["with cty as a list", { ...HEADER, cty: ["JWT"] }],
    ["with crit", { ...HEADER, crit: ["exp"] }],
    ["with an empty crit", { ...HEADER, crit: [] }],
    ["with crit null", { ...HEADER, crit: null }],
    ["with crit for what is there", { ...HEADER, crit: ["kid"] }],
    ["with b64 false", { ...HEADER, b64: false }],
    ["with b64 false and crit", { ...HEADER, b64: false, crit: ["b64"] }],
    ["with b64 true", { ...HEADER, b64: true }],
    ["with enc", { ...HEADER, enc: "A128GCM" }],
    ["with half a surrogate pair", '{"alg":"HS256","kid":"\\ud834"}'],
    ["with DEL", '{"alg":"HS256","kid":"a\u007fb"}'],
    ["with a line break in a text", '{"alg":"HS256","kid":"a\nb"}'],
    ["nested too deep", `{"alg":"HS256","x":${"[".repeat(70)}${"]".repeat(70)}}`],
  ];
  test.each([...headers])("refuses a JWS whose header is %s", (_, header) => {
    expect(parse(jws(header))).toBe("malformed");
  });
  const withEnc = headers.filter(([name]) => name !== "with enc");
  test.each([...withEnc])("refuses a JWE whose header is %s", (_, header) => {
    const isObject =
      typeof header === "object" && !Array.isArray(header) && !Buffer.isBuffer(header);
    const both = isObject ? { enc: "A128GCM", ...header } : header;
    expect(parse(jwe(both))).toBe("malformed");
    expect(parse(jwe())).toMatchObject({ kind: "jwe" });
  });
  test.each([
    ["missing", { alg: "dir" }],
    ["null", { alg: "dir", enc: null }],
    ["a list", { alg: "dir", enc: ["A128GCM"] }],
  ])("refuses a JWE whose enc is %s", (_, header) => {
    expect(parse(jwe(header))).toBe("malformed");
  });

  test("obeys nothing that a header offers for a key", () => {
    const header = { ...HEADER, jwk: {}, jku: "http://x", x5u: "http://x", x5c: ["x"], x5t: "x" };
    expect(parse(jws(header))).toMatchObject({ kind: "jws", header: { alg: "HS256" } });
  });

  test.each<readonly [name: string, payload: unknown]>([
    ["empty", ""],
    ["a list", [CLAIMS]],
    ["null", "null"],
    ["a text", '"bob"'],
    ["a number", "5"],
    ["true", "true"],
    ["no JSON", "sub=bob"],
    ["followed by a byte", `${JSON.stringify(CLAIMS)}\u0000`],
    ["two objects", "{}{}"],
    ["marked with a byte order mark", `\ufeff${JSON.stringify(CLAIMS)}`],
    ["not UTF-8", Buffer.from('{"sub":"b\u00f6b"}', "latin1")],
    ["cut within a character", Buffer.from('{"sub":"é"}').subarray(0, -3)],
    ["UTF-8 in a longer form than needed", Buffer.from('{"sub":"\u00c0\u00af"}', "latin1")],
    [
      "half a surrogate pair in UTF-8",
      Buffer.from([...Buffer.from('{"a":"'), 0xed, 0xa0, 0x80, 0x22, 0x7d]),
    ],
    ["a name twice", '{"sub":"bob","sub":"root"}'],
    ["a name twice, once escaped", '{"sub":"bob","s\\u0075b":"root"}'],
    ["a raw NUL in a text", '{"sub":"b\u0000b"}'],
    ["a raw line break in a text", '{"sub":"b\nb"}'],
    ["a raw tab in a text", '{"sub":"b\tb"}'],
    ["DEL in a text", '{"sub":"b\u007fb"}'],
    ["DEL between tokens", '{"sub":\u007f"bob"}'],
    ["a vertical tab between tokens", '{"sub":\u000b"bob"}'],
    ["NaN", '{"exp":NaN}'],
    ["10 000 levels deep", `{"a":${"[".repeat(10_000)}`],
  ])("has no claims where the payload is %s", (_, payload) => {
    expect(parse(jws(HEADER, payload), 100_000)).toMatchObject({ kind: "jws", claims: undefined });
    expect(parse(jws())).not.toMatchObject({ claims: undefined });
  });

  test("takes the claims of RFC 7519, line breaks and all, as they were signed", () => {
    const text = '{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}';
    expect(parse(jws(HEADER, text))).toMatchObject({ claims: { text } });
    const numbers = '{"cs":9223372036854775807,"n":1.0,"e":1E2}';
    expect(parse(jws(HEADER, numbers))).toMatchObject({ claims: { text: numbers } });
  });
});
