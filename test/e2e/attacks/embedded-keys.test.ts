import { afterAll, expect } from "bun:test";
import { describeAttacks } from "../../helpers/attack-suite.ts";
import { certify } from "../../helpers/certificate.ts";
import { startKeySource, toAnswer } from "../../helpers/key-source.ts";
import { headerOf, mint } from "../../helpers/mint.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
const mallory = createSigningKey("RS256", "mallory");
const malloryEs = createSigningKey("ES256", "mallory-es");
const malloryHs = createSigningKey("HS256", "mallory-hs");

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());
const canary = await startKeySource(stack);
canary.answer(toAnswer({ keys: [mallory.jwk, malloryEs.jwk] }));

const members: readonly (readonly [string, Record<string, unknown>])[] = [
  ["jwk", { jwk: mallory.jwk }],
  ["jwk with our kid", { jwk: { ...mallory.jwk, kid: keys.rs.kid } }],
  ["jwk of an EC key", { jwk: malloryEs.jwk }],
  ["jwk of a secret", { jwk: malloryHs.jwk }],
  ["jku", { jku: canary.url() }],
  ["jku in capitals", { JKU: canary.url(), jku: canary.url() }],
  ["jku of a file", { jku: "file:///etc/passwd" }],
  ["x5u", { x5u: canary.url("/cert.pem") }],
  ["x5c", { x5c: [certify(mallory)] }],
  ["x5c of an EC key", { x5c: [certify(malloryEs)] }],
  ["iss as a place to look", { iss: canary.url("/") }],
  ["url", { url: canary.url() }],
];

describeAttacks("keys that a token brings along or points to", {
  edge: { keys },
  controls: [
    { name: "RS256 by a published key", token: mint(keys.rs, claims()) },
    { name: "ES256 by a published key", token: mint(keys.es, claims()) },
  ],
  attacks: [
    ...members.flatMap(([name, more]) =>
      [mallory, malloryEs, malloryHs].flatMap((key) => [
        {
          name: `${key.alg} of a key in ${name}`,
          token: mint(key, claims(), { ...headerOf(key), ...more }),
          detail: "unknown_key",
        },
        {
          name: `${key.alg} of a key in ${name}, under a published kid`,
          token: mint(key, claims(), { ...headerOf(key), kid: keys.rs.kid, ...more }),
          detail: key.alg === keys.rs.alg ? "signature" : "algorithm",
        },
        {
          name: `${key.alg} of a key in ${name}, without kid`,
          token: mint(key, claims(), { alg: key.alg, ...more }),
          detail: "signature",
        },
      ]),
    ),
    {
      name: "an issuer that would have to be fetched first",
      token: mint(mallory, claims({ iss: canary.url("/issuer") })),
      detail: "unknown_key",
    },
  ],
  afterwards: () => {
    expect(canary.fetches).toEqual([]);
  },
});
