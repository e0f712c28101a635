/** The admin API over a real SQLite store, in this process, with a clock that tests move. */
import { join } from "node:path";
import { streamBackup } from "../../../src/app/backup-stream.ts";
import { KeyRing } from "../../../src/core/jwks/key-ring.ts";
import { parseKeySet } from "../../../src/core/jwks/key-set.ts";
import type { Confirmation } from "../../../src/core/feed/confirmation.ts";
import type { Role } from "../../../src/core/revocation/accounts.ts";
import { SeenTokens } from "../../../src/core/revocation/seen-tokens.ts";
import { tokenDigest } from "../../../src/core/revocation/token-digest.ts";
import { createJudge } from "../../../src/core/token/judge.ts";
import { VerdictRates } from "../../../src/core/token/verdict-rates.ts";
import { createAdminApp } from "../../../src/http/admin/app.ts";
import type { Caller } from "../../../src/http/admin/caller.ts";
import type { AdminOptions } from "../../../src/http/admin/options.ts";
import { createPasswords } from "../../../src/http/admin/passwords.ts";
import { hashSecret } from "../../../src/http/admin/session-cookie.ts";
import { openStore, type Store } from "../../../src/sqlite/open-store.ts";
import { createSigningKey, type SigningKey } from "../../helpers/signing-keys.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { mint } from "../../helpers/mint.ts";

export const NOW = 1_800_000_000;
/** Long, unrelated, on no list. */
export const PASSWORD = "purple walrus dances slowly";
export const ADDRESS = "127.0.0.1";
const ROLES = ["admin", "operator", "viewer"] as const;

export interface AskInit {
  readonly body?: unknown;
  /** The body's bytes as they are. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly as?: Role | "nobody" | "control";
  readonly cookie?: string;
  readonly address?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Harness {
  readonly store: Store;
  readonly folder: string;
  readonly clock: { now: number };
  readonly key: SigningKey;
  readonly seenTokens: SeenTokens;
  readonly failures: unknown[];
  readonly handle: (request: Request, caller: Caller) => Promise<Response>;
  /** Sends a request below /api/v1; as an admin with an API token, unless told otherwise. */
  readonly ask: (method: string, path: string, init?: AskInit) => Promise<Answer>;
  /** A signed token of these claims. */
  readonly token: (claims?: Readonly<Record<string, unknown>>) => string;
  /** Logs in and returns the cookie. */
  readonly logIn: (name: string, password?: string) => Promise<string>;
}

/** Opens a store and the API; both go when `stack` is disposed. */
export async function createHarness(
  stack: AsyncDisposableStack,
  overrides: Partial<AdminOptions> & { readonly confirmation?: Confirmation } = {},
): Promise<Harness> {
  const folder = createTempFolder(stack);
  const clock = { now: NOW };
  const nowSeconds = () => clock.now;
  const store = await openStore(join(folder, "data"), { nowMs: () => clock.now * 1000 });
  stack.defer(() => store.close());
  const key = createSigningKey("ES256");
  const set = await parseKeySet(JSON.stringify({ keys: [key.jwk] }), {
    source: "test",
    issuer: undefined,
    allowShortSecrets: false,
  });
  const ring = new KeyRing(set.keys);
  const policies = { common: POLICY, byIssuer: new Map() };
  const judge = createJudge({
    ring: () => ring,
    decryptionKeys: () => [],
    policies: () => policies,
    findRevocation: (claims, subjects, issuer, now, claimsText) =>
      store.index.findMatch(claims, subjects, issuer, now, () => tokenDigest(claimsText)),
    nowSeconds,
    maxTokenBytes: 8192,
  });
  const seenTokens = new SeenTokens(POLICY.subjectClaims, { nowSeconds });
  const failures: unknown[] = [];
  const handle = createAdminApp({
    rules: store.rules,
    accounts: store.accounts,
    index: store.index,
    confirmation: undefined,
    judge: (token) => judge(token),
    policies: () => policies,
    writeEnding: (_, write) => write(),
    keys: {
      list: () => [
        {
          name: "test",
          kind: "file",
          keys: ring.keys,
          problems: [],
          fetchedAtSeconds: NOW - 10,
          error: undefined,
          nextInMs: 1000,
        },
      ],
      syncNow: async () => undefined,
    },
    seenTokens,
    rates: new VerdictRates(nowSeconds),
    ready: () => [],
    backUp: (actor, name) => streamBackup(store, join(folder, "data"), actor, name),
    checkStore: () => store.check(),
    // The least there is: what hashing really costs has a test of its own.
    passwords: createPasswords({ algorithm: "argon2id", memoryCost: 8, timeCost: 1 }),
    origin: undefined,
    trustedProxies: [],
    page: () => undefined,
    nowSeconds,
    monotonicMs: () => performance.now(),
    startedAtSeconds: NOW,
    version: "0.0.0",
    stopping: new AbortController().signal,
    onFailure: (error) => failures.push(error),
    ...overrides,
  });
  const tokens = new Map<string, string>();
  const actor = { who: "test", via: "cli", from: "local" } as const;
  for (const role of ROLES) {
    const token = `hjwt_${role.padEnd(43, "x")}`;
    tokens.set(role, token);
    await store.accounts.createApiToken(
      { name: `${role}-token`, role, secretHash: hashSecret(token) },
      actor,
    );
  }
  const ask = async (method: string, path: string, init: AskInit = {}): Promise<Answer> => {
    const { as = init.cookie === undefined ? "admin" : "nobody", cookie, body, text } = init;
    const headers = new Headers({ host: "127.0.0.1:4001" });
    const token = tokens.get(as);
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    if (cookie !== undefined) headers.set("cookie", cookie);
    if (body !== undefined || text !== undefined) headers.set("content-type", "application/json");
    for (const [name, value] of Object.entries(init.headers ?? {})) headers.set(name, value);
    const request = new Request(`http://127.0.0.1:4001/api/v1${path}`, {
      method,
      headers,
      body: text ?? (body === undefined ? null : JSON.stringify(body)),
    });
    const caller: Caller =
      as === "control"
        ? { kind: "control", from: "unix" }
        : { kind: "network", address: init.address ?? ADDRESS };
    return toAnswer(await handle(request, caller));
  };
  return {
    store,
    folder,
    clock,
    key,
    seenTokens,
    failures,
    handle,
    ask,
    token: (claims = {}) => mint(key, { sub: "bob", iat: NOW - 60, exp: NOW + 3600, ...claims }),
    logIn: async (name, password = PASSWORD) => {
      const answer = await ask("POST", "/session", { as: "nobody", body: { name, password } });
      if (answer.status !== 201) throw new Error(`no login: ${answer.status} ${answer.text}`);
      return cookieOf(answer);
    },
  };
}

/** The cookie that an answer sets, as a browser would send it. */
export function cookieOf(answer: Answer): string {
  return answer.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
}

/** A person who may log in with PASSWORD. */
export async function addPerson(harness: Harness, name: string, role: Role): Promise<void> {
  const answer = await harness.ask("POST", "/people", { body: { name, role, password: PASSWORD } });
  if (answer.status !== 201) throw new Error(answer.text);
}

async function toAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = /\/(problem\+)?json$/.test(response.headers.get("content-type") ?? "");
  const body = isJson && text !== "" ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, headers: response.headers, text, body };
}

const POLICY = {
  issuers: undefined,
  audiences: undefined,
  requireExp: true,
  requiredClaims: [],
  types: undefined,
  maxTokenAge: undefined,
  clockSkew: 5,
  subjectClaims: ["username", "sub"],
  legacy: "accept",
  algorithms: undefined,
} as const;
