/** Tokens, keys, configuration, health, completion, doctor: the other commands of the compiled binary. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Appliance, startAppliance } from "../helpers/appliance.ts";
import { type CommandLine, createCommandLine, parseOutput } from "../helpers/command-line.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";
import { splitToken } from "../helpers/mint.ts";

const stack = new AsyncDisposableStack();
let folder: string;
let server: Appliance;
let cli: CommandLine;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ed = generateKeyPairSync("ed25519");
const secret = randomBytes(32).toString("hex");

const write = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
};

beforeAll(async () => {
  folder = createTempFolder(stack);
  const pem = (key: typeof ec.publicKey) => key.export({ type: "spki", format: "pem" });
  const keys = write(
    "keys.json",
    JSON.stringify([
      { kid: "hs", secret },
      { kid: "rs", cert: pem(rsa.publicKey) },
      { kid: "es", cert: pem(ec.publicKey) },
      { kid: "ed", cert: pem(ed.publicKey) },
    ]),
  );
  for (const [name, { privateKey }] of [
    ["rs", rsa],
    ["es", ec],
    ["ed", ed],
  ] as const) {
    write(`${name}.pem`, privateKey.export({ type: "pkcs8", format: "pem" }));
  }
  write("es.jwk", JSON.stringify({ ...ec.privateKey.export({ format: "jwk" }), kid: "es" }));
  server = await startAppliance(stack, { folder, env: { JWT_JWKS_FILE: keys } });
  cli = createCommandLine(server.dataDir);
});
afterAll(() => stack.disposeAsync());

const mint = (...args: readonly string[]) => cli("token", "mint", ...args);
const keyPath = (name: string) => join(folder, name);

describe("token mint", () => {
  const MINTED: readonly (readonly [string, string, readonly string[]])[] = [
    ["HS256", "keys.json", []],
    ["HS512", "keys.json", ["--alg", "HS512"]],
    ["RS256", "rs.pem", ["--kid", "rs"]],
    ["ES256", "es.pem", ["--kid", "es"]],
    ["ES256", "es.jwk", []],
    ["EdDSA", "ed.pem", ["--kid", "ed"]],
  ];
  for (const [alg, file, more] of MINTED) {
    test(`makes a token with ${alg} from ${file} that is accepted`, async () => {
      const made = await mint("--key", keyPath(file), "--subject", "bob", ...more);
      expect(made.code).toBe(0);
      expect(made.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
      const inspected = await cli.with({ stdin: made.stdout }, "token", "inspect", "--json");
      const verdict = parseOutput(inspected);
      // HS512 needs a key of 64 bytes; this one has as many.
      expect(verdict).toMatchObject({ valid: true, subjects: ["bob"], key: { alg } });
    });
  }

  test("signs the claims as they were given", async () => {
    const given = '{"sub":"bob","cs":12345678901234567891,"iat":1,"exp":9999999999}';
    const { stdout } = await mint("--key", keyPath("es.jwk"), "--claims", given);
    expect(Buffer.from(splitToken(stdout)[1] ?? "", "base64url").toString()).toBe(given);
  });

  const REFUSED: readonly (readonly [string, readonly string[]])[] = [
    ["no key", []],
    ["a key that is not there", ["--key", "/none"]],
    ["a key file of something else", ["--key", "/etc/hostname"]],
    ["an algorithm that there is not", ["--key", "es.jwk", "--alg", "none"]],
    ["an algorithm that the key is not for", ["--key", "es.jwk", "--alg", "HS256"]],
    ["a kid that the file has not", ["--key", "keys.json", "--kid", "x"]],
    ["claims that are no object", ["--key", "es.jwk", "--claims", "[]"]],
    ["claims that name one twice", ["--key", "es.jwk", "--claims", '{"a":1,"a":2}']],
  ];
  for (const [what, args] of REFUSED) {
    test(`refuses ${what}`, async () => {
      const result = await cli.with({ cwd: folder }, "token", "mint", ...args);
      expect([result.code, result.stdout]).toEqual([2, ""]);
      expect(result.stderr).not.toContain(secret);
    });
  }
});

describe("token inspect", () => {
  test("takes a token from an argument, a file or standard input, and tells why", async () => {
    const { stdout } = await mint(
      "--key",
      keyPath("es.jwk"),
      "--subject",
      "bob",
      "--expires-in",
      "0",
    );
    const token = stdout.trim();
    const file = write("token.txt", stdout);
    for (const result of [
      await cli("token", "inspect", token),
      await cli("token", "inspect", "--file", file),
      await cli.with({ stdin: stdout }, "token", "inspect"),
      await cli.with({ stdin: stdout }, "token", "inspect", "-"),
    ]) {
      expect([result.code, result.stdout.split("\n")[0]]).toEqual([
        0,
        expect.stringMatching(/^valid|^refused/),
      ]);
    }
    expect((await cli.with({ stdin: "" }, "token", "inspect")).code).toBe(2);
    const junk = await cli.with({ stdin: "no token" }, "token", "inspect");
    expect(junk.stdout).toContain("E_TKN_INVALID, malformed");
  });

  test("works without a server too", async () => {
    const { stdout } = await mint("--key", keyPath("es.jwk"), "--subject", "bob");
    const alone = createCommandLine(join(folder, "alone"), { JWT_JWKS_FILE: keyPath("keys.json") });
    const result = await alone.with({ stdin: stdout }, "token", "inspect");
    expect(result.stdout).toStartWith("valid");
  });
});

describe("keys", () => {
  test("are listed with source, kid and algorithms, and no secret", async () => {
    const result = await cli("keys", "list");
    expect(result.stdout).toMatch(/ hs +oct +HS256/);
    expect(result.stdout).toMatch(/ es +EC +ES256 /);
    const json = await cli("keys", "list", "--json");
    expect(json.stdout + result.stdout).not.toContain(secret);
    expect(parseOutput(json)["items"]).toHaveLength(1);
  });

  test("are read anew by sync", async () => {
    const text = await Bun.file(keyPath("keys.json")).text();
    const fewer = (JSON.parse(text) as { kid: string }[]).filter(({ kid }) => kid !== "ed");
    write("keys.json", JSON.stringify(fewer));
    expect((await cli("keys", "sync")).stdout).not.toContain(" ed ");
    write("keys.json", "{");
    const broken = await cli("keys", "sync");
    expect(broken.stdout).toContain(" es ");
    expect(broken.stdout).toMatch(/keys\.json: .+/);
    write("keys.json", text);
    expect((await cli("keys", "sync")).stdout).toContain(" ed ");
  });

  test("are said to be none where none are configured", async () => {
    const alone = createCommandLine(join(folder, "alone"));
    expect((await alone("keys", "list")).stdout).toContain("No key source is configured");
  });
});

describe("config", () => {
  test("check says that all is well, or names every problem with its key and exits 78", async () => {
    expect((await cli("config", "check")).code).toBe(0);
    const env = { JWT_LISTEN: "nowhere", JWT_CLOCK_SKEW: "-1", JWT_ADMIN_LISTEN: "0.0.0.0:1" };
    const bad = await cli.with({ env }, "config", "check");
    expect([bad.code, bad.stdout]).toEqual([78, ""]);
    for (const name of ["JWT_LISTEN", "JWT_CLOCK_SKEW"]) expect(bad.stderr).toContain(name);
    const files = { JWT_JWKS_FILE: "/none", JWT_DECRYPT_FILE: "/none" };
    const missing = await cli.with({ env: files }, "config", "check");
    expect(missing.code).toBe(78);
    expect(missing.stderr).toContain("JWT_JWKS_FILE");
    expect(missing.stderr).toContain("JWT_DECRYPT_FILE");
  });

  test("dump shows each value and where it comes from, and no secret", async () => {
    const file = write("own.toml", 'clock_skew = 9\nverifier_key = "a-secret-of-the-file"\n');
    const env = { JWT_LEGACY: "reject" };
    const result = await cli.with(
      { env },
      "config",
      "dump",
      "--config",
      file,
      "--key-max-age",
      "77",
    );
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/^JWT_CLOCK_SKEW +9 +file$/m);
    expect(result.stdout).toMatch(/^JWT_LEGACY +reject +environment$/m);
    expect(result.stdout).toMatch(/^JWT_KEY_MAX_AGE +77 +flag$/m);
    expect(result.stdout).toMatch(/^JWT_VERIFIER_KEY +\(secret\) +file$/m);
    const json = await cli("config", "dump", "--config", file, "--json");
    expect(json.stdout + result.stdout).not.toContain("a-secret-of-the-file");
    expect((await cli("config", "dump", "--config", "/none")).code).toBe(78);
    expect((await cli("config", "dump", "--verifier-key", "x")).code).toBe(2);
  });
});

const checkAt = (listen: string, ...more: readonly string[]) =>
  cli("healthcheck", "--listen", listen, ...more);

describe("healthcheck", () => {
  test("exits 0 for a ready server, else 1", async () => {
    expect((await checkAt(`127.0.0.1:${server.port}`)).stdout).toBe("ready\n");
    expect((await checkAt(`0.0.0.0:${server.port}`, "--live")).code).toBe(0);
    const none = await checkAt("127.0.0.1:1");
    expect([none.code, none.stdout]).toEqual([1, ""]);
  });

  test("says what is missing", async () => {
    const bare = await startAppliance(stack, { folder: createTempFolder(stack), until: "up" });
    const result = await checkAt(`127.0.0.1:${bare.port}`);
    expect(result.code).toBe(1);
    expect(result.stdout).toContain("keys: no key source is configured");
  });
});

const complete = async (...words: readonly string[]) => {
  const { stdout } = await cli("completion", "bash");
  const script = `${stdout}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})\nCOMP_CWORD=${words.length - 1}\n_haproxy_jwt\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
  const child = Bun.spawn(["bash", "-c", script], { stdout: "pipe" });
  return (await new Response(child.stdout).text()).trim().split("\n");
};

describe("completion", () => {
  test("knows commands, what is below them, and flags", async () => {
    expect(await complete("haproxy-jwt", "rev")).toEqual(["revoke"]);
    expect(await complete("haproxy-jwt", "revoke", "")).toContain("user");
    expect(await complete("haproxy-jwt", "rules", "add", "--su")).toEqual(["--subject"]);
    expect(await complete("haproxy-jwt", "--data-dir", "/x", "rules", "li")).toEqual([
      "list",
      "lift",
    ]);
    expect(await complete("haproxy-jwt", "nonsense", "x")).toEqual([""]);
  });

  test("is refused for shells that are not known", async () => {
    expect((await cli("completion", "fish")).code).toBe(2);
    expect((await cli("completion", "zsh")).stdout).toStartWith("#compdef haproxy-jwt");
  });
});

describe("version and help", () => {
  test("print to standard output and exit 0", async () => {
    expect((await cli("version")).stdout).toMatch(/^haproxy-jwt \d+\.\d+\.\d+\n$/);
    expect(parseOutput(await cli("version", "--json"))).toHaveProperty("version");
    const help = await cli("--help");
    expect(help.code).toBe(0);
    for (const word of [
      "serve",
      "demo",
      "rules",
      "revoke",
      "keys",
      "token",
      "admin",
      "backup",
      "doctor",
    ]) {
      expect(help.stdout).toContain(word);
    }
    expect((await cli("revoke", "user", "--help")).stdout).toContain("--reason");
    expect((await cli()).code).toBe(2);
  });
});

const doctor = async (env: Readonly<Record<string, string>>, ...args: readonly string[]) => {
  const result = await cli.with({ env }, "doctor", "--json", ...args);
  const findings = JSON.parse(result.stdout) as readonly {
    grade: string;
    what: string;
    text: string;
    advice?: string;
  }[];
  return { code: result.code, findings };
};

const settings = () => ({
  JWT_LISTEN: `127.0.0.1:${server.port}`,
  JWT_JWKS_FILE: keyPath("keys.json"),
  JWT_VERIFIER_KEY: server.verifierKey,
});

describe("doctor", () => {
  const GOOD =
    "frontend f\n  http-request del-header ^x[^a-z0-9]tkn([^a-z0-9]|$) -m reg\n  http-request lua.verify-jwt\n  http-request deny deny_status 503 unless { var(txn.tkn.valid) -m found }\n";

  test("finds nothing wrong where all is well", async () => {
    const config = write("good.cfg", GOOD);
    const { code, findings } = await doctor(settings(), "--haproxy-config", config);
    expect(findings.filter(({ grade }) => grade === "fail")).toEqual([]);
    expect(code).toBe(0);
    expect(findings.map(({ what }) => what)).toEqual(
      expect.arrayContaining(["store", "keys", "server"]),
    );
  });

  const lines = GOOD.split("\n");
  const PLANTED: readonly (readonly [
    string,
    string,
    () => Promise<readonly [Record<string, string>, string]>,
  ])[] = [
    ["a bad setting", "configuration", async () => [{ JWT_CLOCK_SKEW: "x" }, GOOD]],
    [
      "a key file that is not there",
      "configuration",
      async () => [{ JWT_JWKS_FILE: "/none" }, GOOD],
    ],
    [
      "decryption keys open to everybody",
      "decryption keys",
      async () => {
        const path = write("open.json", '{"keys":[]}');
        chmodSync(path, 0o644);
        return [{ JWT_DECRYPT_FILE: path }, GOOD];
      },
    ],
    [
      "another address than the server's",
      "token-server",
      async () => [{ JWT_LISTEN: "127.0.0.1:1" }, GOOD],
    ],
    [
      "no strip line",
      "HAProxy's configuration",
      async () => [{}, lines.toSpliced(1, 1).join("\n")],
    ],
    [
      "no guard line",
      "HAProxy's configuration",
      async () => [{}, lines.toSpliced(3, 1).join("\n")],
    ],
    [
      "a guard before the verifier",
      "HAProxy's configuration",
      async () => [{}, [lines[0], lines[1], lines[3], lines[2]].join("\n")],
    ],
  ];
  for (const [what, where, plant] of PLANTED) {
    test(`finds ${what}, and says what to do`, async () => {
      const [env, text] = await plant();
      const config = write("planted.cfg", text);
      const { code, findings } = await doctor(
        { ...settings(), ...env },
        "--haproxy-config",
        config,
      );
      const found = findings.filter(({ grade }) => grade === "fail");
      expect(found.map((finding) => finding.what)).toEqual([where]);
      expect(found[0]?.advice).toBeTruthy();
      expect(code).toBe(1);
    });
  }

  test("finds that no server runs, and makes nothing where there is nothing", async () => {
    const dataDir = join(folder, "nothing-here");
    const { code, findings } = await doctor({ ...settings(), JWT_DATA_DIR: dataDir });
    expect(code).toBe(1);
    expect(findings).toContainEqual(expect.objectContaining({ grade: "fail", what: "server" }));
    expect(await Bun.file(join(dataDir, "haproxy-jwt.db")).exists()).toBe(false);
  });
});
