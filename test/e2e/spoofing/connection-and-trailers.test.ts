import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { identityOf } from "../../helpers/answer.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectValid } from "../../helpers/expect-verdict.ts";
import { exchangeH2 } from "../../helpers/h2-client.ts";
import { haproxyVersion } from "../../helpers/haproxy-version.ts";
import { mint } from "../../helpers/mint.ts";
import { toRequest } from "../../helpers/raw-client.ts";
import { SPOOFED_NAMES } from "../../helpers/spoofed-names.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
const CANARY = "spoofed-by-client";
const hasTrailerOption = haproxyVersion() >= 302;

function chunked(lines: readonly string[], trailers: readonly string[]): string {
  const head = ["POST / HTTP/1.1", "host: app.test", "transfer-encoding: chunked", ...lines];
  return `${head.join("\r\n")}\r\n\r\n1\r\nx\r\n0\r\n${trailers.join("\r\n")}\r\n\r\n`;
}

describe("headers that a hop may drop, and headers that come last", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  let strict: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, { keys });
    strict = await edge.beside({ haproxyEnv: { JWT_REFUSE_CHUNKED: "1" } });
  });
  afterAll(() => stack.disposeAsync());

  const nominations = [
    "x-tkn-valid",
    "X-Tkn-Valid",
    "close, x-tkn-valid",
    "x-tkn-valid,close",
    "keep-alive , x-tkn-body",
    "\tx-tkn-reason",
    "x_tkn_valid",
    "x-tkn",
    "x-tkn-valid, x-tkn-valid",
    '"x-tkn-valid"',
  ];
  test.each(nominations)("Connection: %s takes nothing from the verdict", async (value) => {
    const bearer = `authorization: Bearer ${mint(keys.rs, claims())}`;
    for (const lines of [[bearer], []]) {
      const answer = await edge.send(toRequest([...lines, `connection: ${value}`]));
      if (answer.delivered === undefined) {
        expect(answer.status).toBe(400);
      } else {
        // Passed on: then no hop behind may be told to drop what is ours.
        const told = answer.delivered.fields.filter(([name]) => name === "connection");
        expect(JSON.stringify(told)).not.toMatch(/tkn/i);
        expect(identityOf(answer).valid).toBe(lines.length === 0 ? "0" : "1");
      }
    }
  });

  test("Connection in two fields takes nothing from the verdict", async () => {
    const answer = await edge.send(
      toRequest(["connection: keep-alive", "connection: x-tkn-valid"]),
    );
    expect(answer.status).toBe(400);
  });

  test("Connection with names that are not ours passes", async () => {
    const lines = ["connection: close, x-tkns, x-other"];
    expect(identityOf(await edge.send(toRequest(lines))).valid).toBe("0");
    expectValid(await edge.ask(mint(keys.rs, claims()), lines));
  });

  test.each(["x-tkn-valid", "X-Tkn-Valid, x-other", "x_tkn_valid"])(
    "an announced trailer %s is not delivered",
    async (name) => {
      edge.upstream.clear();
      const bytes = chunked([`trailer: ${name}`], [`${name.split(",")[0]}: ${CANARY}`]);
      const answer = await edge.send(bytes);
      if (!hasTrailerOption) expect(answer.status).toBe(400);
      expect(edge.upstream.received().includes(CANARY)).toBe(false);
    },
  );

  test("an unannounced trailer is not delivered from HAProxy 3.2 on", async () => {
    edge.upstream.clear();
    for (const name of SPOOFED_NAMES.slice(0, 20)) {
      await edge.send(chunked([], [`${name}: ${CANARY}`]));
    }
    // Below 3.2 this is the one exception that SECURITY.md states, with the switch that the next test turns.
    if (hasTrailerOption) expect(edge.upstream.received().includes(CANARY)).toBe(false);
    expect(edge.upstream.requests.length).toBeGreaterThan(0);
  });

  test("an unannounced trailer is not delivered where chunked requests are refused", async () => {
    strict.upstream.clear();
    for (const name of SPOOFED_NAMES.slice(0, 20)) {
      await strict.send(chunked([], [`${name}: ${CANARY}`]));
      await exchangeH2(strict.haproxy.port, { fields: [], body: "x", trailers: [[name, CANARY]] });
    }
    expect(strict.upstream.received().includes(CANARY)).toBe(false);
  });

  test.each(["1.0", "1.1"])("an HTTP/%s request without chunks passes there", async (version) => {
    const token = mint(keys.rs, claims());
    const answer = await strict.send(
      `POST / HTTP/${version}\r\nhost: app.test\r\nauthorization: Bearer ${token}\r\ncontent-length: 1\r\n\r\nx`,
    );
    expect(identityOf(answer).valid).toBe("1");
  });

  test("no HTTP/2 request passes there below 3.2, with trailers or without", async () => {
    const request = { fields: [] };
    expect((await exchangeH2(edge.haproxy.port, request)).status).toBe(200);
    const expected = hasTrailerOption ? 200 : 505;
    expect((await exchangeH2(strict.haproxy.port, request)).status).toBe(expected);
  });

  test("an HTTP/2 trailer is not delivered from HAProxy 3.2 on", async () => {
    edge.upstream.clear();
    const request = { fields: [], body: "x", trailers: [["x-tkn-valid", CANARY]] } as const;
    await exchangeH2(edge.haproxy.port, request);
    if (hasTrailerOption) expect(edge.upstream.received().includes(CANARY)).toBe(false);
  });
});
