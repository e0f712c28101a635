/** What keeps others out before anything is done: hosts, other sites, proxies' words. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createClientAddress } from "../../../src/http/admin/client-address.ts";
import { addPerson, createHarness, PASSWORD, type Harness } from "./harness.ts";

const stack = new AsyncDisposableStack();
let local: Harness;
let remote: Harness;

beforeAll(async () => {
  local = await createHarness(stack);
  remote = await createHarness(stack, { origin: "https://tokens.example.org:8443" });
});
afterAll(() => stack.disposeAsync());

const statusOf = async (harness: Harness, host: string) =>
  (await harness.ask("GET", "/stats", { headers: { host } })).status;

describe("the host", () => {
  test("is loopback, by any name and port", async () => {
    for (const host of ["127.0.0.1:4001", "localhost", "localhost:1", "[::1]:4001", "127.1.2.3"]) {
      expect([host, await statusOf(local, host)]).toEqual([host, 200]);
    }
  });

  test("is JWT_ADMIN_ORIGIN's where there is one", async () => {
    expect(await statusOf(remote, "tokens.example.org")).toBe(200);
    expect(await statusOf(remote, "TOKENS.example.org:8443")).toBe(200);
    expect(await statusOf(local, "tokens.example.org")).toBe(421);
  });

  test("is not an empty one", async () => {
    for (const harness of [local, remote]) expect(await statusOf(harness, "")).toBe(421);
  });

  const STRANGE = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil.example:4001",
    "tokens.example.org.evil.example",
    "0.0.0.0:4001",
    "192.168.1.5",
    "[::ffff:10.0.0.1]",
    "2130706433",
  ];
  for (const host of STRANGE) {
    test(`is not ${host}, whoever asks`, async () => {
      for (const harness of [local, remote]) {
        const answer = await harness.ask("GET", "/stats", { headers: { host } });
        expect(answer.status).toBe(421);
        expect(answer.text).not.toContain(host);
        expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
      }
    });
  }
});

const sync = (headers: Readonly<Record<string, string>>, harness = local) =>
  harness.ask("POST", "/keys/sync", { text: "{}", headers });

describe("a change", () => {
  const TAKEN: readonly (readonly [string, Record<string, string>])[] = [
    ["neither header, as programs send it", {}],
    ["the page's own origin", { origin: "http://127.0.0.1:4001", "sec-fetch-site": "same-origin" }],
    ["the origin alone", { origin: "http://127.0.0.1:4001" }],
  ];
  for (const [what, headers] of TAKEN) {
    test(`is taken with ${what}`, async () => {
      expect((await sync(headers)).status).toBe(200);
    });
  }

  test("is taken from JWT_ADMIN_ORIGIN", async () => {
    const headers = { host: "tokens.example.org:8443", origin: "https://tokens.example.org:8443" };
    expect((await sync(headers, remote)).status).toBe(200);
    const plain = { ...headers, origin: "http://tokens.example.org:8443" };
    expect((await sync(plain, remote)).status).toBe(403);
  });

  const REFUSED: readonly (readonly [string, Record<string, string>])[] = [
    ["another site", { "sec-fetch-site": "cross-site" }],
    ["a sister site", { "sec-fetch-site": "same-site" }],
    ["an address bar", { "sec-fetch-site": "none" }],
    ["an unknown relation", { "sec-fetch-site": "" }],
    ["another origin", { origin: "https://evil.example" }],
    ["no origin that could be named", { origin: "null" }],
    ["another port", { origin: "http://127.0.0.1:9" }],
    ["https where it is http", { origin: "https://127.0.0.1:4001" }],
    ["another loopback name", { origin: "http://localhost:4001" }],
    ["an origin that begins alike", { origin: "http://127.0.0.1:4001.evil.example" }],
    [
      "a good origin by a bad relation",
      { origin: "http://127.0.0.1:4001", "sec-fetch-site": "cross-site" },
    ],
  ];
  for (const [what, headers] of REFUSED) {
    test(`is refused from ${what}, for whoever is logged in`, async () => {
      expect((await sync(headers)).status).toBe(403);
      const login = await local.ask("POST", "/session", {
        as: "nobody",
        headers,
        body: { name: "alice", password: PASSWORD },
      });
      expect(login.status).toBe(403);
    });
  }

  test("by a read is none: reading needs no origin", async () => {
    expect(
      (await local.ask("GET", "/stats", { headers: { "sec-fetch-site": "none" } })).status,
    ).toBe(200);
  });
});

describe("https", () => {
  test("is asked for in the future where people come by it", async () => {
    const [near, far] = [await local.ask("GET", "/stats"), await remote.ask("GET", "/stats")];
    expect(near.headers.get("strict-transport-security")).toBeNull();
    expect(far.headers.get("strict-transport-security")).toContain("max-age=");
  });
});

describe("a client's address", () => {
  const addressOf = createClientAddress(["10.0.0.1", "10.0.0.2", "::1"]);
  const CASES: readonly (readonly [string, string, string | null, string])[] = [
    ["is the connection's", "192.0.2.7", null, "192.0.2.7"],
    ["is the connection's, whatever it says of itself", "192.0.2.7", "198.51.100.1", "192.0.2.7"],
    ["is what a trusted proxy says", "10.0.0.1", "198.51.100.1", "198.51.100.1"],
    [
      "is what the last hop says, not what the client wrote",
      "10.0.0.1",
      "1.1.1.1, 198.51.100.1",
      "198.51.100.1",
    ],
    [
      "is found behind two trusted proxies",
      "10.0.0.1",
      "1.1.1.1, 198.51.100.1, 10.0.0.2",
      "198.51.100.1",
    ],
    ["is the proxy's where it says nothing", "10.0.0.1", null, "10.0.0.1"],
    ["is the proxy's where it says nonsense", "10.0.0.1", "unknown", "10.0.0.1"],
    ["is the proxy's where all are proxies", "10.0.0.1", "10.0.0.2", "10.0.0.2"],
    ["is of one spelling", "::ffff:192.0.2.7", null, "192.0.2.7"],
    ["is of IPv6 in brackets with a port", "::1", "[2001:DB8::1]:999", "2001:db8::1"],
    ["is without a port", "10.0.0.1", "198.51.100.1:5555", "198.51.100.1"],
  ];
  for (const [what, peer, forwarded, expected] of CASES) {
    test(what, () => expect(addressOf(peer, forwarded)).toBe(expected));
  }

  test("is what is throttled and audited behind a trusted proxy", async () => {
    const harness = await createHarness(stack, { trustedProxies: ["127.0.0.1"] });
    await addPerson(harness, "alice", "viewer");
    const logIn = (client: string) =>
      harness.ask("POST", "/session", {
        as: "nobody",
        headers: { "x-forwarded-for": `6.6.6.6, ${client}` },
        body: { name: client, password: "wrong wrong wrong" },
      });
    for (let attempt = 0; attempt < 10; attempt += 1) await logIn("198.51.100.1");
    expect((await logIn("198.51.100.1")).status).toBe(429);
    expect((await logIn("198.51.100.2")).status).toBe(401);
    const audit = await harness.ask("GET", "/audit?action=session.create");
    expect(audit.text).toContain('"from":"198.51.100.1"');
    expect(audit.text).not.toContain("6.6.6.6");
  });
});
