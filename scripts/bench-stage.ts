/** Keys, tokens and processes of the benchmarks: HAProxy on core 0, everything else on core 1. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Appliance, startAppliance } from "../test/helpers/appliance.ts";
import { createDecryptionKey, encrypt } from "../test/helpers/decryption-keys.ts";
import { type Haproxy, startHaproxy } from "../test/helpers/haproxy.ts";
import { mint } from "../test/helpers/mint.ts";
import { createSecretKey, createSigningKey } from "../test/helpers/signing-keys.ts";
import { createTempFolder } from "../test/helpers/temp-folder.ts";
import { claims } from "../test/helpers/tokens.ts";
import { EMPTY_LUA, UPSTREAM } from "./bench-configs.ts";
import type { TokenKind } from "./bench-rows.ts";

const HAPROXY_CORE = ["taskset", "-c", "0"];
const OTHER_CORE = ["taskset", "-c", "1"];
const VERIFIER_KEY = "bench-verifier-key-of-32-characters";
const SECRET = "bench-secret-of-at-least-32-bytes-and-a-few";
const USERS = 1000;
/** Tokens that are known: asked for in turn. */
export const CYCLE = 100;

/** What a run of HAProxy, with or without a token-server, is made of. */
export interface Setting {
  readonly config: string;
  readonly kind: TokenKind;
  readonly needsServer: boolean;
  readonly luaVerifies: boolean;
  readonly threads: number;
  readonly haproxyEnv?: Readonly<Record<string, string>>;
  /** Words before HAProxy's name, in the place of those that give it a core of its own. */
  readonly haproxyPrefix?: readonly string[];
}

export interface Stage {
  readonly folder: string;
  /** So many tokens of a kind, one a line: made once for each name. */
  readonly tokens: (kind: TokenKind, count: number, name: string) => Promise<string>;
  readonly start: (
    own: AsyncDisposableStack,
    setting: Setting,
  ) => Promise<{ readonly haproxy: Haproxy; readonly server: Appliance | undefined }>;
}

/** Makes the keys and starts what is passed on to; all of it ends with the stack. */
export async function createStage(stack: AsyncDisposableStack): Promise<Stage> {
  const folder = createTempFolder(stack);
  const rs = createSigningKey("RS256", "rs");
  const es = createSigningKey("ES256", "es");
  const hs = createSecretKey("HS256", "hs", SECRET);
  const jwe = createDecryptionKey("dir", "A256CBC-HS512");
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const keyFile = write("keys.json", JSON.stringify([rs.entry, es.entry, hs.entry]));
  const decryptFile = write("decrypt.json", JSON.stringify({ keys: [jwe.jwk] }));
  const lua = write("empty.lua", EMPTY_LUA);
  const nativeKeys: Readonly<Record<TokenKind, string>> = {
    HS256: SECRET,
    RS256: write("rs.pem", rs.entry["cert"] ?? ""),
    ES256: write("es.pem", es.entry["cert"] ?? ""),
    JWE: "",
  };
  let count = 0;
  const makeFolder = (): string => {
    count += 1;
    const path = join(folder, `run-${count}`);
    mkdirSync(path);
    return path;
  };

  const one = (kind: TokenKind, n: number): string | Promise<string> => {
    const user = `user-${n % USERS}`;
    const set = claims({ sub: user, username: user, jti: String(n) });
    if (kind === "JWE") return encrypt(jwe, JSON.stringify(set));
    return mint(kind === "RS256" ? rs : kind === "ES256" ? es : hs, set);
  };
  const made = new Map<string, string>();
  let serial = 0;
  const tokens = async (kind: TokenKind, many: number, name: string): Promise<string> => {
    const known = made.get(`${name}-${kind}`);
    if (known !== undefined) return known;
    const lines: string[] = [];
    for (let i = 0; i < many; i += 1) {
      serial += 1;
      // oxlint-disable-next-line no-await-in-loop -- only encryption waits
      lines.push(await one(kind, serial));
    }
    const path = write(`${name}-${kind}`, lines.join("\n"));
    made.set(`${name}-${kind}`, path);
    return path;
  };

  const known = readFileSync(await tokens("RS256", CYCLE, "cycle"), "utf8").split("\n");
  const map = write("map", known.map((token) => `${token} ${"x".repeat(400)}\n`).join(""));
  const upstreamFolder = makeFolder();
  const upstream = await startHaproxy(stack, {
    folder: upstreamFolder,
    config: write("upstream.cfg", UPSTREAM),
    env: {},
    prefix: OTHER_CORE,
  });

  const start: Stage["start"] = async (own, setting) => {
    const place = makeFolder();
    const server = setting.needsServer
      ? await startAppliance(own, {
          folder: place,
          env: {
            JWT_JWKS_FILE: keyFile,
            JWT_DECRYPT_FILE: decryptFile,
            JWT_VERIFIER_KEY: VERIFIER_KEY,
            JWT_LOG_LEVEL: "warn",
          },
          prefix: OTHER_CORE,
        })
      : undefined;
    const text = setting.config
      .replaceAll("BENCH_KEY", nativeKeys[setting.kind])
      .replaceAll("BENCH_LUA", lua)
      .replaceAll("BENCH_MAP", map)
      .replace(/^global$/m, `global\n  nbthread ${setting.threads}`);
    const config = join(place, "haproxy.cfg");
    writeFileSync(config, text);
    const haproxy = await startHaproxy(own, {
      folder: place,
      config,
      env: {
        ...(setting.luaVerifies ? { JWT_JWKS_FILE: keyFile } : {}),
        JWT_VERIFIER_KEY: VERIFIER_KEY,
        JWT_UPSTREAM: `127.0.0.1:${upstream.port}`,
        JWT_TOKEN_SERVER: `127.0.0.1:${server?.port ?? 1}`,
        JWT_TOKEN_SERVER_BACKEND: "jwt-token-server",
        JWT_CLAIM_VARS: "username,sub",
        ...setting.haproxyEnv,
      },
      prefix: setting.haproxyPrefix ?? (setting.threads === 1 ? HAPROXY_CORE : []),
    });
    return { haproxy, server };
  };
  return { folder, tokens, start };
}
