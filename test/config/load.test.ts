import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, ConfigError, loadConfig } from "../../src/config/load.ts";
import type { SettingKey } from "../../src/config/settings.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";

const KEY = "0123456789abcdef";
const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());
let folder = "";
beforeEach(() => {
  folder = createTempFolder(stack);
});

interface Given {
  readonly flags?: Partial<Record<SettingKey, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly toml?: string;
  readonly file?: string;
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function load(given: Given = {}): Config {
  const flags = Object.entries(given.flags ?? {}) as [SettingKey, string][];
  const file = given.toml === undefined ? given.file : write("config.toml", given.toml);
  return loadConfig({
    flags: new Map(flags),
    environment: given.environment ?? {},
    file,
    defaultFile: join(folder, "default.toml"),
  });
}

/** The problems as `key: message`, or an empty list where there are none. */
function problems(given: Given): readonly string[] {
  try {
    load(given);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ key, message }) => `${key}: ${message}`);
  }
}

describe("loadConfig", () => {
  test("takes the defaults where nothing is said", () => {
    const { settings, origins, issuers } = load();
    expect(settings).toMatchObject({
      syncInterval: 300,
      keyMaxAge: 86_400,
      requireExp: true,
      allowShortSecrets: false,
      clockSkew: 5,
      subjectClaims: ["username", "sub"],
      legacy: "accept",
      maxTokenBytes: 65_536,
      issuer: undefined,
      maxTokenAge: undefined,
    });
    expect(new Set(origins.values())).toEqual(new Set(["default"]));
    expect(issuers).toEqual([]);
  });

  test("takes flags over environment over file over defaults", () => {
    const toml = "sync_interval = 10\nclock_skew = 10\nkey_max_age = 10\n";
    const environment = { JWT_SYNC_INTERVAL: "20", JWT_CLOCK_SKEW: "20" };
    const config = load({ flags: { syncInterval: "30" }, environment, toml });
    expect(config.settings).toMatchObject({
      syncInterval: 30,
      clockSkew: 20,
      keyMaxAge: 10,
      maxTokenBytes: 65_536,
    });
    const origin = (key: SettingKey) => config.origins.get(key);
    expect(origin("syncInterval")).toBe("flag");
    expect(origin("clockSkew")).toBe("environment");
    expect(origin("keyMaxAge")).toBe("file");
    expect(origin("maxTokenBytes")).toBe("default");
  });

  test("takes a bad value of a higher place for a problem, not the lower place's good one", () => {
    const toml = "sync_interval = 10\n";
    expect(problems({ environment: { JWT_SYNC_INTERVAL: "0" }, toml })).toEqual([
      'JWT_SYNC_INTERVAL: must be a whole number from 1 to 86400, but is "0"',
    ]);
  });

  test("takes an empty variable for one that is not set, as HAProxy's side does", () => {
    const toml = "sync_interval = 10\n";
    const environment = { JWT_SYNC_INTERVAL: "", JWT_LISTEN: "", JWT_WORKERS: " " };
    const config = load({ environment, toml });
    expect(config.settings).toMatchObject({ syncInterval: 10, workers: 1 });
    expect(config.origins.get("syncInterval")).toBe("file");
    expect(config.origins.get("listen")).toBe("default");
    // A flag is typed: there an empty one is a value.
    expect(load({ flags: { issuer: "" }, toml: 'issuer = "a"' }).settings.issuer).toBeUndefined();
    expect(load({ environment: { JWT_ISSUER: "" }, toml: 'issuer = "a"' }).settings.issuer).toEqual(
      new Set(["a"]),
    );
  });

  test("reads texts, numbers, truths and lists of a file", () => {
    const toml = [
      'jwks_file = ["/a.json", "/b.json"]',
      'jwks_url = "https://a/k, https://b/k"',
      "require_exp = false",
      "clock_skew = 0",
      'audience = ["x"]',
    ].join("\n");
    expect(load({ toml }).settings).toMatchObject({
      jwksFile: ["/a.json", "/b.json"],
      jwksUrl: ["https://a/k", "https://b/k"],
      requireExp: false,
      clockSkew: 0,
      audience: new Set(["x"]),
    });
  });

  test("tells every problem at once, each with its key", () => {
    const found = problems({
      environment: { JWT_LISTEN: "nowhere", JWT_LEGACY: "maybe" },
      flags: { clockSkew: "-1" },
      toml: 'sync_interval = "soon"\nsyncinterval = 5\n[[issuers]]\naudience = "x"\n',
    });
    expect(found).toEqual([
      "syncinterval: is not a setting (".concat(join(folder, "config.toml"), ")"),
      expect.stringContaining("JWT_LISTEN: must be"),
      expect.stringContaining("JWT_SYNC_INTERVAL: must be"),
      expect.stringContaining("JWT_CLOCK_SKEW: must be"),
      expect.stringContaining("JWT_LEGACY: must be"),
      expect.stringContaining("issuers: table 1: needs issuer"),
    ]);
  });

  test("goes on to what can be said of the sound settings", () => {
    const environment = {
      JWT_LOG_LEVEL: "loud",
      JWT_ADMIN_LISTEN: "0.0.0.0:4001",
      JWT_VERIFIER_KEY_FILE: "/none",
    };
    expect(problems({ environment })).toEqual([
      "JWT_VERIFIER_KEY: its file /none cannot be read",
      expect.stringContaining("JWT_LOG_LEVEL: must be"),
      expect.stringContaining("JWT_ADMIN_ORIGIN: is needed"),
    ]);
  });

  test("says nothing of what hangs on a setting that nobody knows", () => {
    const environment = { JWT_ADMIN_LISTEN: "0.0.0.0:4001" };
    expect(problems({ environment: { ...environment, JWT_ADMIN_ORIGIN: "x" } })).toEqual([
      expect.stringContaining("JWT_ADMIN_ORIGIN: must be an origin"),
    ]);
    expect(problems({ environment, toml: "{ not toml" })).toHaveLength(1);
    expect(problems({ environment })).toHaveLength(1);
  });

  test("quotes a bad value, without the passwords in it", () => {
    expect(problems({ environment: { JWT_CLOCK_SKEW: "-5" } })).toEqual([
      'JWT_CLOCK_SKEW: must be a whole number from 0 to 3600, but is "-5"',
    ]);
    const [problem] = problems({
      environment: { JWT_JWKS_URL: "ftp://me:canary@a/?api_key=canary" },
    });
    expect(problem).toContain('"ftp://(secret)@a/?(secret)"');
  });

  test.each([
    ["a key of the environment", 'JWT_LISTEN = "127.0.0.1:1"'],
    ["a key in another case", 'Listen = "127.0.0.1:1"'],
    ["a key with hyphens", "sync-interval = 5"],
    ["a table", "[listen]\nport = 1"],
    ["an inherited name", 'constructor = "x"'],
    ["__proto__", '__proto__ = "x"'],
    ["the file of a setting that is no secret", 'listen_file = "/x"'],
    ["a date", "sync_interval = 1979-05-27"],
    ["infinity", "sync_interval = inf"],
    ["a table for a value", "sync_interval = { a = 1 }"],
    ["a list of tables for a value", "jwks_file = [{ a = 1 }]"],
    ["a key twice", "clock_skew = 1\nclock_skew = 2"],
    ["what is not TOML", "{ not toml"],
  ])("refuses a file with %s", (_, toml) => {
    expect(problems({ toml })).toHaveLength(1);
    expect(problems({ toml: "clock_skew = 1" })).toEqual([]);
  });

  test("needs the file that was named, not the one that may be there", () => {
    const missing = join(folder, "missing.toml");
    expect(problems({ file: missing })).toEqual([`${missing}: cannot be read`]);
    expect(problems({ file: folder })).toEqual([`${folder}: cannot be read`]);
    expect(problems({})).toEqual([]);
    write("default.toml", "clock_skew = 7");
    expect(load().settings.clockSkew).toBe(7);
    write("default.toml", "clock_skew = 9999");
    expect(problems({})).toHaveLength(1);
  });
});

describe("a shared store", () => {
  const store = "postgres://jwt:word-of-the-store@db/jwt";

  test("is judged from by one thread, and its address is never shown", () => {
    expect(problems({ environment: { JWT_STORE: store } })).toEqual([]);
    const [problem] = problems({ environment: { JWT_STORE: store, JWT_WORKERS: "2" } });
    expect(problem).toMatch(/^JWT_WORKERS: /);
    expect(problems({ environment: { JWT_WORKERS: "2" } })).toEqual([]);
    const [wrong] = problems({ environment: { JWT_STORE: "postgres://jwt:word-of-the-store@" } });
    expect(wrong).not.toContain("word-of-the-store");
  });
});

describe("a secret", () => {
  test("comes from the file that its _FILE names, without its line break", () => {
    const path = write("key", `${KEY}\n`);
    const config = load({ environment: { JWT_VERIFIER_KEY_FILE: path } });
    expect(config.settings.verifierKey).toEqual([KEY]);
    expect(config.origins.get("verifierKey")).toBe("environment");
    expect(load({ toml: `verifier_key_file = "${path}"` }).settings.verifierKey).toEqual([KEY]);
  });

  test("comes from the file that its flag names, before all else", () => {
    const path = write("key", `${KEY}\n`);
    const environment = { JWT_VERIFIER_KEY: "fedcba9876543210", JWT_VERIFIER_KEY_FILE: "/none" };
    const config = load({ flags: { verifierKey: path }, environment });
    expect(config.settings.verifierKey).toEqual([KEY]);
    expect(config.origins.get("verifierKey")).toBe("flag");
  });

  test("comes from the environment rather than from a file it names", () => {
    const path = write("key", KEY);
    const environment = { JWT_VERIFIER_KEY: "fedcba9876543210", JWT_VERIFIER_KEY_FILE: path };
    expect(load({ environment }).settings.verifierKey).toEqual(["fedcba9876543210"]);
  });

  test.each([
    ["is missing", undefined],
    ["is empty", ""],
    ["holds a line break alone", "\n"],
    ["holds too short a key", "short\n"],
    ["holds a blank in its key", "0123456789 abcdef"],
  ])("is a problem where its file %s, without a word of it", (_, text) => {
    const path = text === undefined ? join(folder, "none") : write("key", text);
    for (const given of [
      { environment: { JWT_VERIFIER_KEY_FILE: path } },
      { toml: `verifier_key_file = "${path}"` },
      { flags: { verifierKey: path } },
    ]) {
      const [problem = "", ...others] = problems(given);
      expect(others).toEqual([]);
      expect(problem).toStartWith("JWT_VERIFIER_KEY: ");
      expect(problem).not.toMatch(/short$|0123456789/);
    }
  });

  test.each([
    ["a comma", `${KEY},fedcba9876543210\n`],
    ["a line break", `${KEY}\nfedcba9876543210\n`],
    ["a line break of Windows", `${KEY}\r\nfedcba9876543210\r\n`],
  ])("may be two with %s between them while rotating", (_, text) => {
    const environment = { JWT_VERIFIER_KEY_FILE: write("two", text) };
    expect(load({ environment }).settings.verifierKey).toEqual([KEY, "fedcba9876543210"]);
    expect(problems({ environment: { JWT_VERIFIER_KEY: `${text}${KEY}` } })).toEqual([
      "JWT_VERIFIER_KEY: must hold one key, or two while rotating",
    ]);
  });

  test("is looked for further where its variable is empty", () => {
    const path = write("secret", KEY);
    const environment = { JWT_VERIFIER_KEY: "", JWT_VERIFIER_KEY_FILE: path };
    expect(load({ environment }).settings.verifierKey).toEqual([KEY]);
    const empty = { JWT_VERIFIER_KEY: "", JWT_VERIFIER_KEY_FILE: "" };
    const toml = `verifier_key_file = "${path}"`;
    expect(load({ environment: empty, toml }).settings.verifierKey).toEqual([KEY]);
    expect(load({ environment: empty }).settings.verifierKey).toEqual([]);
  });

  test("is not read from the _FILE of a setting that is none", () => {
    const path = write("listen", "127.0.0.1:1");
    expect(load({ environment: { JWT_LISTEN_FILE: path } }).origins.get("listen")).toBe("default");
  });
});

describe("settings that depend on each other", () => {
  test.each([
    ["beyond loopback without an origin", { JWT_ADMIN_LISTEN: "0.0.0.0:1" }],
    ["on every v6 address without an origin", { JWT_ADMIN_LISTEN: "[::]:1" }],
    ["on a name without an origin", { JWT_ADMIN_LISTEN: "tokens.example:1" }],
    ["under a plain origin", { JWT_ADMIN_ORIGIN: "http://tokens.example" }],
    [
      "beyond loopback under a plain origin",
      { JWT_ADMIN_LISTEN: "0.0.0.0:1", JWT_ADMIN_ORIGIN: "http://tokens.example" },
    ],
    [
      "under an origin that looks like loopback",
      { JWT_ADMIN_ORIGIN: "http://127.0.0.1.evil.example" },
    ],
  ])("refuse an admin page %s", (_, environment) => {
    expect(problems({ environment })).toEqual([expect.stringMatching(/^JWT_ADMIN_ORIGIN: /)]);
  });

  test.each([
    ["on loopback", { JWT_ADMIN_LISTEN: "127.0.0.9:1" }],
    ["on loopback by v6", { JWT_ADMIN_LISTEN: "[::1]:1" }],
    ["on loopback under a plain origin", { JWT_ADMIN_ORIGIN: "http://localhost:8080" }],
    [
      "beyond loopback under its origin",
      { JWT_ADMIN_LISTEN: "0.0.0.0:1", JWT_ADMIN_ORIGIN: "https://tokens.example" },
    ],
  ])("allow an admin page %s", (_, environment) => {
    expect(problems({ environment })).toEqual([]);
  });

  test("refuse an issuer with a table beside its discovery", () => {
    const toml = '[[issuers]]\nissuer = "https://a"\ndiscovery = true\n';
    expect(problems({ toml, environment: { JWT_OIDC_ISSUERS: "https://b,https://a" } })).toEqual([
      expect.stringMatching(/^JWT_OIDC_ISSUERS: /),
    ]);
    expect(problems({ toml, environment: { JWT_OIDC_ISSUERS: "https://b" } })).toEqual([]);
  });
});
