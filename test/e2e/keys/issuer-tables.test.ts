/** `[[issuers]]` of the configuration file: each table's keys and rules are its issuer's, and no other's. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { headerOf, mint } from "../../helpers/mint.ts";
import { createSigningKey, type SigningKey } from "../../helpers/signing-keys.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { countVerdicts } from "../../helpers/verdict-counts.ts";

const keys = createKeys();

/** An issuer, and how its good tokens look. */
interface Issuer {
  readonly iss: string;
  readonly key: SigningKey;
  readonly aud: string;
  readonly typ: string;
}

// In the issuers' key files too, for algorithms that their tables do not name.
const aEs = createSigningKey("ES256", "a-es");
const aHs = createSigningKey("HS256", "a-hs");
const bRs = createSigningKey("RS256", "b-rs");

const A: Issuer = {
  iss: "https://a.test",
  key: createSigningKey("RS256", "a-rs"),
  aud: "api-a",
  typ: "at+jwt",
};
const B: Issuer = {
  iss: "https://b.test",
  key: createSigningKey("ES256", "b-es"),
  aud: "api-b",
  typ: "b+jwt",
};
/** Who has no table: the common settings, which differ from both tables in everything. */
const COMMON: Issuer = {
  iss: "https://common.test",
  key: keys.hs,
  aud: "api-common",
  typ: "common+jwt",
};
const ENV = {
  JWT_ISSUER: COMMON.iss,
  JWT_AUDIENCE: COMMON.aud,
  JWT_ALGORITHMS: COMMON.key.alg,
  JWT_TYP: COMMON.typ,
};

function tableOf({ iss, key, aud, typ }: Issuer, jwksFile: string): string {
  return `[[issuers]]
issuer = "${iss}"
jwks_file = "${jwksFile}"
audience = ["${aud}"]
algorithms = ["${key.alg}"]
typ = "application/${typ}"
`;
}

/** A token of an issuer; `other` has what is not as its rules want it. */
function tokenOf(issuer: Issuer, other: Partial<Issuer> = {}): string {
  const { iss, key, aud, typ } = { ...issuer, ...other };
  return mint(key, claims({ iss, aud: [aud] }), { ...headerOf(key), typ });
}

describe("[[issuers]]", () => {
  const stack = new AsyncDisposableStack();
  let edges: readonly Edge[] = [];
  beforeAll(async () => {
    const folder = createTempFolder(stack);
    const config = join(folder, "haproxy-jwt.toml");
    const tables = [
      { issuer: A, others: [aEs, aHs] },
      { issuer: B, others: [bRs] },
    ].map(({ issuer, others }) => {
      const jwksFile = join(folder, `${issuer.aud}.json`);
      writeFileSync(jwksFile, JSON.stringify([issuer.key, ...others].map((key) => key.jwk)));
      return { jwksFile, text: tableOf(issuer, jwksFile) };
    });
    writeFileSync(config, tables.map(({ text }) => text).join("\n"), { mode: 0o600 });
    const edge = await startEdge(stack, { keys, serverConfig: config, serverEnv: ENV });
    // HAProxy's files know no issuers: each key verifies there whatever names it.
    const files = [edge.keyFile, ...tables.map(({ jwksFile }) => jwksFile)].join(",");
    edges = [
      await edge.beside({ haproxyEnv: { JWT_JWKS_FILE: files } }),
      await edge.beside({ verifiesInHaproxy: false }),
    ];
  });
  afterAll(() => stack.disposeAsync());

  test.each([A, B, COMMON])("accept what the rules of $iss want", async (issuer) => {
    const [inLua, byServer] = edges;
    if (inLua === undefined || byServer === undefined) throw new TypeError("no edges");
    for (const [edge, path] of [
      [inLua, "haproxy"],
      [byServer, "server"],
    ] as const) {
      const before = await countVerdicts(edge.server, path);
      expectValid(await edge.ask(tokenOf(issuer)));
      expect(await countVerdicts(edge.server, path)).toBe(before + 1);
    }
  });

  test.each<readonly [what: string, of: Issuer, other: Partial<Issuer>, detail: string]>([
    ["A's algorithm that only its key file has", A, { key: aEs }, "algorithm"],
    ["B's algorithm that only its key file has", B, { key: bRs }, "algorithm"],
    ["A's common algorithm, with a common key", A, { key: keys.hs }, "algorithm"],
    ["A's audience that is B's", A, { aud: B.aud }, "audience"],
    ["B's audience that is the common one", B, { aud: COMMON.aud }, "audience"],
    ["A's type that is B's", A, { typ: B.typ }, "claim"],
    ["B's type that is the common one", B, { typ: COMMON.typ }, "claim"],
    ["a key of A's under B's name", B, { key: aEs }, "unknown_key"],
    ["a key of B's under A's name", A, { key: bRs }, "unknown_key"],
    ["a key of A's under a name without a table", COMMON, { key: aHs }, "unknown_key"],
    ["A's audience in a token of nobody's", COMMON, { aud: A.aud }, "audience"],
    ["A's type in a token of nobody's", COMMON, { typ: A.typ }, "claim"],
    ["A's algorithm in a token of nobody's", COMMON, { key: A.key }, "algorithm"],
    ["an issuer that is named nowhere", COMMON, { iss: "https://c.test" }, "issuer"],
    ["an issuer that begins like A", A, { ...COMMON, iss: `${A.iss}/` }, "issuer"],
  ])("refuse %s", async (_, issuer, other, detail) => {
    const token = tokenOf(issuer, other);
    const reason = detail === "audience" ? "E_AUD_MISMATCH" : "E_TKN_INVALID";
    for (const edge of edges) {
      expectRefused(await edge.ask(token), { reason, detail }, token);
      // The control: it is that one thing that was refused.
      expectValid(await edge.ask(tokenOf(issuer)));
    }
  });
});
