/** RSA keys that say by their own type that they are for PSS alone, as OpenSSL makes them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyRing } from "../../../src/core/jwks/key-ring.ts";
import { readPssKey } from "../../../src/core/jwks/pss-key.ts";
import { toJwks, toSeedKeys } from "../../../src/core/jwks/publish.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { claims, createTestJudge, ringOf } from "../token/judging.ts";
import { derOf, oct, read, rsa, wrap } from "./entries.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());
const folder = createTempFolder(stack);

function openssl(args: readonly string[], input = ""): Buffer {
  const { status, stdout, stderr } = spawnSync("openssl", args, { cwd: folder, input });
  if (status !== 0) throw new Error(`openssl ${args[0] ?? ""}: ${stderr.toString()}`);
  return stdout;
}

/** Makes a key of this type with parameters such as `md:sha256`; its public half in PEM. */
function createPssKey(name: string, ...parameters: readonly string[]): string {
  const options = ["rsa_keygen_bits:2048", ...parameters.map((one) => `rsa_pss_keygen_${one}`)];
  const flags = options.flatMap((one) => ["-pkeyopt", one]);
  openssl(["genpkey", "-algorithm", "RSA-PSS", ...flags, "-out", `${name}.pem`]);
  return openssl(["pkey", "-in", `${name}.pem`, "-pubout"]).toString();
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A token that OpenSSL signed. */
function mintWith(name: string, bits: number): string {
  const input = `${encode({ alg: `PS${bits}` })}.${encode(claims())}`;
  const salt = `rsa_pss_saltlen:${bits / 8}`;
  const flags = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", salt, "-sign", `${name}.pem`];
  return `${input}.${openssl(["dgst", `-sha${bits}`, ...flags], input).toString("base64url")}`;
}

const bound = (bits: number, salt = bits / 8) =>
  [`md:sha${bits}`, `mgf1_md:sha${bits}`, `saltlen:${salt}`] as const;

let free = "";
let certified = "";
beforeAll(() => {
  free = createPssKey("free");
  createPssKey("certified", ...bound(256));
  const request = ["req", "-x509", "-new", "-key", "certified.pem", "-subj", "/CN=pss"];
  const pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"];
  openssl([...request, "-days", "30", ...pss, "-out", "certified.crt"]);
  certified = readFileSync(join(folder, "certified.crt"), "utf8");
});

const derOfPem = (pem: string) => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
const toPem = (der: Uint8Array) => wrap("PUBLIC KEY", Buffer.from(der).toString("base64"));

describe("an RSASSA-PSS key", () => {
  test("without parameters is for every PS algorithm, and for no RS", async () => {
    expect(await read({ cert: free })).toBe("PS256 PS384 PS512");
    expect(await read({ cert: free, alg: "PS384" })).toBe("PS384");
    expect(await read({ cert: free, alg: "RS256" })).toMatch(/fits no algorithm/);
  });

  test.each([256, 384, 512])("that names SHA-%d is for the one algorithm", async (bits) => {
    const cert = createPssKey(`bound-${bits}`, ...bound(bits));
    expect(await read({ cert })).toBe(`PS${bits}`);
    expect(await read({ cert, alg: `PS${bits}` })).toBe(`PS${bits}`);
    const other = bits === 256 ? 384 : 256;
    expect(await read({ cert, alg: `PS${other}` })).toMatch(/fits no algorithm/);
  });

  test("is read from its certificate", async () => {
    expect(await read({ cert: certified })).toBe("PS256");
  });

  test.each<readonly [string, readonly string[]]>([
    ["another hash in its mask", ["md:sha256", "mgf1_md:sha384"]],
    ["SHA-1 in its mask, which is the default", ["md:sha256"]],
    ["a longer salt than the hash", bound(256, 33)],
    ["SHA-1", ["md:sha1", "mgf1_md:sha1"]],
    ["SHA-224", ["md:sha224", "mgf1_md:sha224"]],
  ])("with %s fits no algorithm, and is told so", async (_, parameters) => {
    expect(await read({ cert: createPssKey("odd", ...parameters) })).toMatch(/PSS parameters/);
  });

  test("may ask for a shorter salt than the algorithm's", async () => {
    expect(await read({ cert: createPssKey("short", ...bound(256, 0)) })).toBe("PS256");
  });

  test("is as strong as any RSA key", async () => {
    const flags = ["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:1024"];
    openssl(["genpkey", ...flags, "-out", "weak.pem"]);
    const cert = openssl(["pkey", "-in", "weak.pem", "-pubout"]).toString();
    expect(await read({ cert })).toMatch(/1024 bits/);
  });

  test("is no secret", async () => {
    expect(await read(oct(derOfPem(free)))).toMatch(/text of a key/);
  });

  test("is not read from what is not DER to its last byte", () => {
    const der = derOfPem(free);
    expect(readPssKey(der)?.algorithms.size).toBe(3);
    for (let length = 0; length < der.length; length += 1) {
      expect([length, readPssKey(der.subarray(0, length))]).toEqual([length, undefined]);
    }
    expect(readPssKey(Buffer.concat([der, Buffer.of(0)]))).toBeUndefined();
    const longer = Buffer.concat([Buffer.of(0x30, 0x83, 0), der.subarray(2)]);
    expect(readPssKey(longer)).toBeUndefined();
    expect(readPssKey(derOf(rsa))).toBeUndefined();
  });

  test("with a byte changed before its modulus is refused, and never for another algorithm", async () => {
    const der = derOfPem(createPssKey("changed", ...bound(256)));
    const headBytes = der.length - 271;
    const read1 = (at: number) => {
      const changed = Buffer.from(der);
      changed[at] = (changed[at] ?? 0) ^ 1;
      return read({ cert: toPem(changed) });
    };
    const found = await Promise.all(Array.from({ length: headBytes }, (_, at) => read1(at)));
    expect(found.map((text) => text.slice(0, 7))).toEqual(found.map(() => "key 1: "));
    expect(await read({ cert: toPem(der) })).toBe("PS256");
  });
});

describe("a token of an RSASSA-PSS key", () => {
  let ring: KeyRing;
  beforeAll(async () => {
    ring = await ringOf([{ cert: certified }]);
  });

  test("is verified by the algorithm of its key, and by no other", async () => {
    const judge = createTestJudge({ ring: await ringOf([{ cert: free }]) });
    for (const bits of [256, 384, 512]) {
      expect([bits, (await judge(mintWith("free", bits))).isValid]).toEqual([bits, true]);
    }
    const boundJudge = createTestJudge({ ring });
    const token = mintWith("certified", 256);
    expect((await boundJudge(token)).isValid).toBe(true);
    expect(await judge(token)).toMatchObject({ isValid: false, detail: "signature" });
    expect(await boundJudge(mintWith("free", 384))).toMatchObject({ detail: "unknown_key" });
  });

  test("is verified by the published keys too, which are for PSS alone", async () => {
    const both = await ringOf([
      { kid: "a", cert: free },
      { kid: "b", cert: certified },
    ]);
    const published = [toSeedKeys(both, true).map((key) => ({ ...key })), toJwks(both).keys];
    for (const entries of published) {
      expect(entries.map(({ kid, alg }) => `${String(kid)} ${String(alg)}`)).toEqual([
        "a PS256",
        "a PS384",
        "a PS512",
        "b PS256",
      ]);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const again = await ringOf(entries);
      expect(again.keys.flatMap(({ algorithms }) => [...algorithms])).not.toContain("RS256");
      // oxlint-disable-next-line no-await-in-loop -- as above
      expect((await createTestJudge({ ring: again })(mintWith("free", 384))).isValid).toBe(true);
    }
  });

  test("is kept apart from the same key without its type", async () => {
    const [plain] = toSeedKeys(ring, false);
    const mixed = await ringOf([{ cert: plain?.cert }, { cert: certified }]);
    expect(mixed.keys.map(({ algorithms }) => [...algorithms].join(" "))).toEqual([
      "RS256 RS384 RS512",
      "PS256",
    ]);
  });
});
