import { describe, expect, test } from "bun:test";
import { fileKeyOf, flagOf, SETTING_ENTRIES } from "../../src/config/settings.ts";
import { ValueProblem } from "../../src/config/values.ts";

const settings = new Map(SETTING_ENTRIES.map(([, setting]) => [setting.name as string, setting]));

function parse(name: string, text: string): unknown {
  const setting = settings.get(name);
  if (setting === undefined) throw new TypeError(name);
  return setting.parse(text);
}

const HOUR = 3600;
const rows: readonly (readonly [
  name: string,
  accepted: readonly (readonly [text: string, value: unknown])[],
  refused: readonly string[],
])[] = [
  [
    "JWT_LISTEN",
    [
      ["127.0.0.1:4000", [{ kind: "tcp", host: "127.0.0.1", port: 4000 }]],
      ["[::1]:0", [{ kind: "tcp", host: "::1", port: 0 }]],
      [
        " unix:/run/x.sock , localhost:1 ",
        [
          { kind: "unix", path: "/run/x.sock" },
          { kind: "tcp", host: "localhost", port: 1 },
        ],
      ],
    ],
    ["", ",", "4000", ":4000", "host", "host:", "host:65536", "host:-1", "host:http", "::1:4000"],
  ],
  ["JWT_LISTEN", [], ["unix:", "unix:run/x", "[zz]:1", "http://h:1", "h:1:2", "h:1 ,unix:x"]],
  [
    "JWT_ADMIN_LISTEN",
    [["[::]:4001", { kind: "tcp", host: "::", port: 4001 }]],
    ["", "unix:/run/x", "a:1,b:2", "4001"],
  ],
  [
    "JWT_ADMIN_ORIGIN",
    [
      ["", undefined],
      ["https://t.example", "https://t.example"],
      ["https://t.example:8443/", "https://t.example:8443"],
    ],
    [
      "t.example",
      "//t.example",
      "https://t.example/page",
      "https://t.example?x",
      "https://u:p@t.example",
      "https://T.example",
      "ftp://t.example",
      "null",
      "*",
    ],
  ],
  [
    "JWT_TRUSTED_PROXIES",
    [["10.0.0.1, ::1", ["10.0.0.1", "::1"]]],
    ["proxy", "10.0.0.0/8", "10.0.0.1:80", "*"],
  ],
  ["JWT_HOSTS", [["a.example, 10.0.0.7", ["a.example", "10.0.0.7"]]], []],
  [
    "JWT_WORKERS",
    [
      ["1", 1],
      ["64", 64],
    ],
    ["", "0", "65", "auto", "1.5"],
  ],
  ["JWT_DATA_DIR", [["/var/lib/x", "/var/lib/x"]], ["", "/a\0b"]],
  ["JWT_JWKS_FILE", [["/a, /b,,", ["/a", "/b"]]], []],
  [
    "JWT_JWKS_URL",
    [["https://a/k,http://b:1/k", ["https://a/k", "http://b:1/k"]]],
    ["a/k", "file:///etc/passwd", "https://", "data:,x", "https://a, b"],
  ],
  ["JWT_OIDC_ISSUERS", [["https://a/t", ["https://a/t"]]], ["a", "ftp://a", "javascript:1"]],
  [
    "JWT_SYNC_INTERVAL",
    [
      ["1", 1],
      ["86400", 86_400],
    ],
    ["", "0", "-1", "86401", "1.5", "1e3", "0x10", " 5", "5 ", "5s", "NaN", "Infinity", "٣"],
  ],
  ["JWT_KEY_MAX_AGE", [["86400", 86_400]], ["", "0", "-1", "99999999999"]],
  [
    "JWT_ALLOW_SHORT_SECRETS",
    [
      ["true", true],
      ["ON", true],
      ["no", false],
      ["0", false],
    ],
    ["", "maybe", "truee", "2", " true"],
  ],
  [
    "JWT_ISSUER",
    [
      ["", undefined],
      [" , ", undefined],
      ["a, b", new Set(["a", "b"])],
    ],
    [],
  ],
  ["JWT_AUDIENCE", [["x", new Set(["x"])]], []],
  ["JWT_REQUIRE_EXP", [["false", false]], ["", "never"]],
  [
    "JWT_REQUIRED_CLAIMS",
    [
      ["", []],
      ["jti,sub", ["jti", "sub"]],
    ],
    [],
  ],
  ["JWT_TYP", [["JWT,at+jwt", new Set(["JWT", "at+jwt"])]], []],
  [
    "JWT_MAX_TOKEN_AGE",
    [
      ["", undefined],
      ["3600", HOUR],
    ],
    ["0", "-1", "1.5", "none"],
  ],
  [
    "JWT_CLOCK_SKEW",
    [
      ["0", 0],
      ["3600", HOUR],
    ],
    ["", "-1", "3601", "5.5"],
  ],
  ["JWT_SUBJECT_CLAIMS", [["sub", ["sub"]]], ["", " , "]],
  [
    "JWT_LEGACY",
    [
      ["accept", "accept"],
      ["reject", "reject"],
    ],
    ["", "Reject", "deny", "constructor"],
  ],
  [
    "JWT_ALGORITHMS",
    [
      ["", undefined],
      ["RS256, EdDSA", new Set(["RS256", "EdDSA"])],
      ["dir,A128KW,A256GCMKW", new Set(["dir", "A128KW", "A256GCMKW"])],
    ],
    ["none", "rs256", "RS256,none", "RSA1_5", "__proto__", "RSA-OAEP", "ECDH-ES", "A256GCM"],
  ],
  [
    "JWT_MAX_TOKEN_BYTES",
    [
      ["64", 64],
      ["65536", 65_536],
    ],
    ["", "63", "65537", "8k"],
  ],
  [
    "JWT_DECRYPT_FILE",
    [
      ["", undefined],
      ["/x", "/x"],
    ],
    [],
  ],
  [
    "JWT_VERIFIER_KEY",
    [
      ["", []],
      ["0123456789abcdef", ["0123456789abcdef"]],
      ["0123456789abcdef,fedcba9876543210", ["0123456789abcdef", "fedcba9876543210"]],
      ["0123456789abcdef\nfedcba9876543210\n", ["0123456789abcdef", "fedcba9876543210"]],
    ],
    [
      "short",
      "0123456789abcdef,short",
      "0123456789 abcdef",
      "0123456789abcdef\nfedcba98 76543210",
      "0123456789abcdef\tfedcba9876543210",
      "0123456789abcdeé",
      "0123456789abcdef,".repeat(3),
    ],
  ],
  [
    "JWT_STORE",
    [
      ["sqlite", { kind: "sqlite" }],
      [
        "postgres://u:p@db:5432/jwt",
        { kind: "postgres", endpoints: ["postgres://u:p@db:5432/jwt"] },
      ],
      [
        "postgresql://u@a,b:5433/jwt?sslmode=verify-full",
        {
          kind: "postgres",
          endpoints: [
            "postgresql://u@a/jwt?sslmode=verify-full",
            "postgresql://u@b:5433/jwt?sslmode=verify-full",
          ],
        },
      ],
    ],
    ["", "SQLite", "mysql://db/jwt", "postgres://", "postgres:///jwt", "postgres://a,,b/jwt"],
  ],
  [
    "JWT_STORE_LEASE",
    [
      ["5", 5],
      ["300", 300],
    ],
    ["", "4", "301", "30s", "1.5"],
  ],
  [
    "JWT_STORE_STALE",
    [
      ["strict", "strict"],
      ["best-effort", "best-effort"],
    ],
    ["", "Strict", "best-effort:10"],
  ],
  ["JWT_STORE_SINGLE", [["true", true]], ["", "maybe"]],
  ["JWT_LOG_LEVEL", [["debug", "debug"]], ["", "DEBUG", "trace"]],
];

describe("each setting", () => {
  test("has a row here", () => {
    const known = new Set(rows.map(([name]) => name));
    expect([...settings.keys()].filter((name) => !known.has(name))).toEqual([]);
  });

  for (const [name, accepted, refused] of rows) {
    for (const [text, value] of accepted) {
      test(`${name} takes ${JSON.stringify(text)}`, () => {
        expect(parse(name, text)).toEqual(value);
      });
    }
    for (const text of refused) {
      test(`${name} refuses ${JSON.stringify(text)}`, () => {
        expect(() => parse(name, text)).toThrow(ValueProblem);
      });
    }
  }

  test("takes its own default", () => {
    for (const { parse: read, defaultText } of settings.values()) read(defaultText);
  });

  test("has a name, a key and a flag of its own, and says what it means", () => {
    const names = [...settings.keys()];
    expect(new Set(names.map(fileKeyOf)).size).toBe(names.length);
    expect(new Set([...settings.values()].map(flagOf)).size).toBe(names.length);
    expect(fileKeyOf("JWT_JWKS_URL")).toBe("jwks_url");
    expect(flagOf({ name: "JWT_JWKS_URL", isSecret: false })).toBe("--jwks-url");
    expect(flagOf({ name: "JWT_STORE", isSecret: true })).toBe("--store-file");
    for (const { meaning } of settings.values()) expect(meaning).toEndWith(".");
  });

  test("that is secret does not say its value in its problem", () => {
    for (const { name, isSecret } of settings.values()) {
      if (isSecret) expect(() => parse(name, "hunter2")).not.toThrow("hunter2");
    }
  });
});
