import { describeAttacks } from "../../helpers/attack-suite.ts";
import { headerOf, mint } from "../../helpers/mint.ts";
import { createSecretKey, createSigningKey } from "../../helpers/signing-keys.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
const second = createSigningKey("HS256", "second");
const empty = createSecretKey("HS256", "x", "");
const strange: readonly unknown[] = [
  "",
  " ",
  "key-hs256 ",
  " key-hs256",
  "KEY-HS256",
  "key-hs25",
  "key-hs256\u0000",
  "key-hs256\n",
  "../../../../../../dev/null",
  "/dev/null",
  "/proc/sys/kernel/randomize_va_space",
  "file:///dev/null",
  "x' UNION SELECT 'key';--",
  "' OR '1'='1",
  "|/bin/true",
  "$(true)",
  "%00",
  "*",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "__index",
  "kid",
  "é".repeat(100),
  "0",
  "undefined",
  "null",
];
const noString: readonly unknown[] = [
  0,
  1,
  -1,
  1e300,
  true,
  null,
  [],
  ["key-hs256"],
  {},
  { kid: "key-hs256" },
];

describeAttacks("kid that names no key of ours", {
  edge: { keys, keyFile: [keys.hs.entry, second.entry, keys.rs.entry] },
  controls: [
    { name: "one of two HMAC keys by its kid", token: mint(keys.hs, claims()) },
    { name: "the other by its kid", token: mint(second, claims()) },
    { name: "no kid, where one key fits", token: mint(keys.rs, claims(), { alg: "RS256" }) },
  ],
  attacks: [
    ...strange.map((kid) => ({
      name: `kid ${JSON.stringify(kid).slice(0, 40)} signed by a key of ours`,
      token: mint(keys.hs, claims(), { ...headerOf(keys.hs), kid }),
      detail: "unknown_key",
    })),
    ...strange.map((kid) => ({
      name: `kid ${JSON.stringify(kid).slice(0, 40)} signed with nothing`,
      token: mint(empty, claims(), { alg: "HS256", kid }),
      detail: "unknown_key",
    })),
    ...noString.map((kid) => ({
      name: `kid ${JSON.stringify(kid)}, which is no string`,
      token: mint(keys.hs, claims(), { ...headerOf(keys.hs), kid }),
      detail: "malformed",
    })),
    {
      name: "no kid, where two keys fit",
      token: mint(keys.hs, claims(), { alg: "HS256" }),
      detail: "unknown_key",
    },
    {
      name: "the kid of another key of the same algorithm",
      token: mint(second, claims(), headerOf(keys.hs)),
      detail: "signature",
    },
    {
      name: "the kid of a key of another algorithm",
      token: mint(keys.hs, claims(), { ...headerOf(keys.hs), kid: keys.rs.kid }),
      detail: "algorithm",
    },
    {
      name: "a kid of 5 KiB",
      token: mint(keys.hs, claims(), { ...headerOf(keys.hs), kid: "k".repeat(5 * 1024) }),
      detail: "unknown_key",
    },
    {
      name: "a kid of 8 KiB",
      token: mint(keys.hs, claims(), { ...headerOf(keys.hs), kid: "k".repeat(8 * 1024) }),
      detail: "too_large",
    },
  ],
});
