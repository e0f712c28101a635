/** Header names that an application could read as one of ours, and the request lines that carry them. */

// Every character beside letters and digits that a field name may have (RFC 9110 §5.6.2, tchar).
const MARKS = "!#$%&'*+-.^_`|~".split("");
const FIELDS = ["valid", "reason", "detail", "body", "header", "stateless", "legacy"];
const CASES = ["X-TKN-VALID", "X-Tkn-Valid", "x-TKN-valid", "X_TKN_VALID", "X.Tkn.Body", "X-Tkn"];
const OTHERS = [
  "x-tkn-",
  "x-tkn--valid",
  "x-tkn-valid-",
  "x-tkn-valid_",
  "x-tkn-payload-username",
  "x-tkn-user",
  "x-tkn-1",
  "x_tkn-valid-2",
];

/** Valid field names, at least eighty: every mark in every place, every name of the contract, every case. */
export const SPOOFED_NAMES: readonly string[] = [
  ...new Set([
    ...MARKS.flatMap((mark) => [
      `x${mark}tkn${mark}valid`,
      `x-tkn${mark}valid`,
      `x${mark}tkn-valid`,
      `x${mark}tkn`,
      `x${mark}tkn${mark}`,
    ]),
    ...["-", "_", "."].flatMap((mark) => FIELDS.map((field) => `x${mark}tkn${mark}${field}`)),
    ...CASES,
    ...OTHERS,
  ]),
];

/** Names that look alike and are not ours: they must arrive. */
export const INNOCENT_NAMES: readonly string[] = [
  "x-tkns",
  "x-tkn1",
  "x-tknvalid",
  "xtkn-valid",
  "my-x-tkn-valid",
  "x-token-valid",
  "x-tk-n",
];

/** Lines that are no valid field and that a careless parser might take for one of ours. */
export const MALFORMED_LINES: readonly (readonly [name: string, line: string])[] = [
  ["a space before the colon", "x-tkn-valid : 1"],
  ["a tab before the colon", "x-tkn-valid\t: 1"],
  ["a space in the name", "x tkn valid: 1"],
  ["a leading space", " x-tkn-valid: 1"],
  ["a leading tab", "\tx-tkn-valid: 1"],
  ["a folded value", "x-a: b\r\n x-tkn-valid: 1"],
  ["a line feed alone", "x-a: b\nx-tkn-valid: 1"],
  ["a carriage return alone", "x-a: b\rx-tkn-valid: 1"],
  ["a NUL in the name", "x-tkn-valid\0: 1"],
  ["a NUL before the name", "\0x-tkn-valid: 1"],
  ["a NUL in a value before", "x-a: b\0\r\nx-tkn-valid: 1"],
  ["a byte over 127 in the name", "x-tkn-valid\xa0: 1"],
  ["a hyphen beyond ASCII", "x\xe2\x80\x90tkn\xe2\x80\x90valid: 1"],
  ["a name in parentheses", "(x-tkn-valid): 1"],
  ["a quoted name", '"x-tkn-valid": 1'],
  ["two colons", "x-tkn-valid:: 1"],
  ["no colon", "x-tkn-valid"],
  ["an equals sign", "x-tkn-valid=1"],
  ["an empty name before", ": x\r\nx-tkn-valid: 1"],
];
