import { afterAll, describe, expect, test } from "bun:test";
import {
  constants,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  privateDecrypt,
  X509Certificate,
} from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { compactDecrypt, compactVerify, importJWK } from "jose";
import { identityOf, isIdentityName, toAnswer } from "./answer.ts";
import { describeAttacks } from "./attack-suite.ts";
import { certify } from "./certificate.ts";
import { titlesIn } from "./declared-tests.ts";
import { createDecryptionKey, ENCRYPTIONS, encrypt } from "./decryption-keys.ts";
import { takeMessage } from "./http-message.ts";
import { encryptByHand } from "./jwe-parts.ts";
import { scanLogs } from "./log-scan.ts";
import { mint, splitToken } from "./mint.ts";
import { createRandom, mutate } from "./mutations.ts";
import { startProgram } from "./program.ts";
import { exchange, toRequest } from "./raw-client.ts";
import { startRawUpstream } from "./raw-upstream.ts";
import { deflateWithSpaces, encryptPbes2, encryptRsa15 } from "./refused-jwe.ts";
import { ALGORITHMS, createSigningKey } from "./signing-keys.ts";
import { INNOCENT_NAMES, SPOOFED_NAMES } from "./spoofed-names.ts";
import { startTcpProxy } from "./tcp-proxy.ts";
import { createTempFolder } from "./temp-folder.ts";
import { waitFor } from "./wait-for.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

describe("the tests' own tools", () => {
  test.each([...ALGORITHMS])("sign %s as jose verifies it", async (alg) => {
    const key = createSigningKey(alg);
    const imported = await importJWK({ ...key.jwk }, alg);
    const { payload } = await compactVerify(mint(key, { a: 1 }), imported);
    expect(Buffer.from(payload).toString()).toBe('{"a":1}');
  });

  test.each(["RS256", "ES256"] as const)("certify a key for %s as X.509 reads it", (alg) => {
    const key = createSigningKey(alg);
    if (key.privateKey === undefined) throw new TypeError("no key");
    const certificate = new X509Certificate(Buffer.from(certify(key), "base64"));
    const publicKey = createPublicKey(key.privateKey);
    expect(certificate.verify(publicKey)).toBe(true);
    expect(certificate.publicKey.equals(publicKey)).toBe(true);
    expect(certificate.subject).toBe(`CN=${key.kid}`);
  });

  test("encrypt by hand as jose decrypts it", async () => {
    for (const enc of ENCRYPTIONS.keys()) {
      const key = createDecryptionKey("dir", enc);
      const secret = Buffer.from(String(key.jwk["k"]), "base64url");
      const token = encryptByHand(secret, enc, { alg: "dir", enc }, "text");
      for (const each of [token, await encrypt(key, "text")]) {
        const { plaintext } = await compactDecrypt(each, new Uint8Array(secret));
        expect(Buffer.from(plaintext).toString()).toBe("text");
      }
    }
  });

  test("encrypt by RSA1_5 so that the key's holder can open it", () => {
    const to = createDecryptionKey("RSA-OAEP", "A256GCM");
    const [header = "", ...parts] = splitToken(encryptRsa15(to, "text"));
    const [wrapped, iv, sealed, tag] = parts.map((part) => Buffer.from(part, "base64url"));
    if (!wrapped || !iv || !sealed || !tag) throw new TypeError("not five parts");
    const key = createPrivateKey({ format: "jwk", key: { ...to.jwk } });
    // Bun takes this padding off for nobody; RFC 8017 §7.2.1: 0, 2, bytes that are not 0, 0, the message.
    const block = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, wrapped);
    expect([block.length, block[0], block[1], block.indexOf(0, 1)]).toEqual([256, 0, 2, 223]);
    const opened = createDecipheriv("aes-256-gcm", block.subarray(-32), iv)
      .setAAD(Buffer.from(header))
      .setAuthTag(tag);
    expect(opened.update(sealed, undefined, "utf8") + opened.final("utf8")).toBe("text");
  });

  test("encrypt to a password as jose decrypts it", async () => {
    const password = createDecryptionKey("dir", "A192GCM");
    for (const alg of ["PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW"]) {
      const token = await encryptPbes2(password, alg, 1000, "text");
      const secret = Buffer.from(String(password.jwk["k"]), "base64url");
      const options = { keyManagementAlgorithms: [alg] };
      const { plaintext } = await compactDecrypt(token, new Uint8Array(secret), options);
      expect(Buffer.from(plaintext).toString()).toBe("text");
    }
  });

  test("deflate a text with a thousand times as many spaces as there is room", () => {
    const packed = deflateWithSpaces("text", 1000);
    const unpacked = inflateRawSync(packed).toString();
    expect(unpacked.trimEnd()).toBe("text");
    expect([packed.length <= 1000, unpacked.length > 950_000]).toEqual([true, true]);
  });

  test("know which tests of a file are run", () => {
    const text = `
describe("a", () => {
  test("one", () => {
    expect(1).toBe(1);
  });
  test.skip("skipped", () => {
    test("inside", f);
  });
  test.each([
    ["a row", f(1)],
  ])("each %s", f);
  test.each(ROWS)(
    "of rows",
    f,
  );
});
describe.if(isFull)("b", () => {
  test("under a condition", () => {});

  test.each([
    [1],
  ])("rows under a condition", f);
});
test.skipIf(true)(
  "skipped too",
  f,
);
describe.skipIf(vectorFolder() === undefined)("c", () => {
  test("with vectors", f);
});
// test("in a comment"
`;
    expect(titlesIn(text)).toEqual(["one", "each %s", "of rows", "with vectors"]);
  });

  test("want controls beside attacks", () => {
    const suite = {
      edge: {},
      controls: [],
      attacks: [{ name: "any", token: "", detail: "missing" }],
    };
    expect(() => describeAttacks("what has none", suite)).toThrow("has no controls");
  });

  test("see the end of a message in any number of pieces", () => {
    const chunked =
      "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx: y\r\n\r\nrest";
    const whole = Buffer.from(chunked);
    for (let length = 0; length < whole.length - 4; length++) {
      expect(takeMessage(whole.subarray(0, length), "request")).toBeUndefined();
    }
    const taken = takeMessage(whole, "request");
    expect(taken?.message.body.toString()).toBe("abc");
    expect(taken?.message.trailers).toEqual([["x", "y"]]);
    expect(taken?.rest.toString()).toBe("rest");
  });

  test("notice a second verdict, a missing one and a name that the contract does not have", async () => {
    const upstream = await startRawUpstream(stack);
    const send = async (...lines: readonly string[]) =>
      toAnswer(await exchange(upstream.port, toRequest(lines)));
    expect(identityOf(await send("x-tkn-valid: 0")).valid).toBe("0");
    for (const lines of [
      [],
      ["x-tkn-valid: 1", "x-tkn-valid: 0"],
      ["x-tkn-valid: 1", "x_tkn_valid: 1"],
      ["x-tkn-valid: yes"],
      ["x-tkn-valid: 1", "x-tkn-foo: 1"],
    ]) {
      const answer = await send(...lines);
      expect(() => identityOf(answer)).toThrow();
    }
  });

  test("tell our names from innocent ones", () => {
    expect(SPOOFED_NAMES.filter((name) => !isIdentityName(name))).toEqual([]);
    expect(INNOCENT_NAMES.filter((name) => isIdentityName(name))).toEqual([]);
  });

  test("find a secret, an error of Lua and one of the server in a log", () => {
    const folder = createTempFolder(stack);
    mkdirSync(join(folder, "a"));
    const log = join(folder, "a", "x.log");
    const secrets = new Set(["a-secret-of-ours"]);
    writeFileSync(log, "all is well\n");
    scanLogs(folder, secrets);
    writeFileSync(log, "one\ntwo a-secret-of-ours\n");
    expect(() => scanLogs(folder, secrets)).toThrow("line 2");
    for (const said of [
      "[ALERT] (1) : Lua function 'verify-jwt': runtime error: x.lua:1: boom",
      "[ALERT] (1) : Lua function 'verify-jwt': execution timeout.",
      "[ALERT] (1) : Lua function 'verify-jwt': out of memory error.",
      "[ALERT] (1) : Lua function 'verify-jwt': burst timeout.",
      "[ALERT] (1) : Lua function 'verify-jwt': yield not allowed.",
      "[ALERT] (1) : Lua converter 'verify-jwt-known': yield functions like core.tcp() or core.sleep() are not allowed.",
      "[ALERT] (1) : Lua function 'verify-jwt': an error without a place.",
      "[ALERT] (1) : Lua function 'verify-jwt' return an unknown error.",
      "[ALERT] (1) : Lua converter 'verify-jwt-known' returns an unknown error.",
      "[ALERT] (1) : Lua task: unknown error.",
      "haproxy-jwt: /x/judge.lua:12: attempt to index a nil value",
    ]) {
      writeFileSync(log, said);
      expect(() => scanLogs(folder, secrets, { mayLogServerErrors: true })).toThrow("line 1");
      scanLogs(folder, secrets, { mayLogLuaErrors: true });
    }
    const away = { message: "a request failed inside", request: "r", error: "AppError" };
    writeFileSync(log, JSON.stringify({ ...away, code: "unavailable" }));
    scanLogs(folder, secrets);
    writeFileSync(log, JSON.stringify({ ...away, code: "internal" }));
    expect(() => scanLogs(folder, secrets)).toThrow("line 1");
    for (const said of ["a request failed inside", "a judging thread ended by itself"]) {
      writeFileSync(log, JSON.stringify({ level: "error", message: said }));
      expect(() => scanLogs(folder, secrets, { mayLogLuaErrors: true })).toThrow("line 1");
      scanLogs(folder, secrets, { mayLogServerErrors: true });
    }
  });

  test("change a token the same way for the same seed, and always change it", () => {
    const token = mint(createSigningKey("HS256"), { a: 1 });
    const changed = mutate(token, 200, createRandom(7));
    expect(mutate(token, 200, createRandom(7))).toEqual(changed);
    expect(changed.filter((mutation) => mutation.token === token)).toEqual([]);
  });

  test("cut, block and mend a connection", async () => {
    const upstream = await startRawUpstream(stack);
    const proxy = await startTcpProxy(stack, upstream.port);
    const ask = () => exchange(proxy.port, toRequest(), { timeoutMs: 300 });
    expect((await ask())?.startLine).toBe("HTTP/1.1 200 OK");
    await proxy.set({ kind: "refuse" });
    expect(await ask().catch(() => "refused")).toBe("refused");
    await proxy.set({ kind: "block" });
    expect(await ask().catch(() => "no answer")).toBe("no answer");
    await proxy.set({ kind: "lie", answer: Buffer.from("HTTP/1.1 204 No\r\n\r\n") });
    expect((await ask())?.startLine).toBe("HTTP/1.1 204 No");
    await proxy.set({ kind: "pass" });
    expect((await ask())?.startLine).toBe("HTTP/1.1 200 OK");
  });

  test("end what they started, a program that does not listen included", async () => {
    const own = new AsyncDisposableStack();
    const logFile = join(createTempFolder(stack), "deaf.log");
    const program = startProgram(own, {
      command: ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"],
      logFile,
    });
    await waitFor("it to be deaf", () => program.output().includes("ready"));
    await own.disposeAsync();
    expect(program.isRunning()).toBe(false);
  }, 10_000);
});
