import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isIdentityName } from "../../helpers/answer.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectValid } from "../../helpers/expect-verdict.ts";
import { mint } from "../../helpers/mint.ts";
import { openConnection, toRequest } from "../../helpers/raw-client.ts";
import { MALFORMED_LINES } from "../../helpers/spoofed-names.ts";
import { claims } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const CANARY = "spoofed-by-client";
const INNER = `GET /smuggled HTTP/1.1\r\nhost: app.test\r\nx-tkn-valid: 1\r\nx-tkn-body: ${CANARY}\r\n\r\n`;
const CHUNK = `${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`;

/** Requests whose end two parsers may see in two places. */
const SMUGGLED: readonly (readonly [string, string])[] = [
  [
    "a length and chunks, the length short",
    post(["content-length: 4", "transfer-encoding: chunked"], `1\r\nZ\r\n0\r\n\r\n${INNER}`),
  ],
  [
    "a length and chunks, the length long",
    post(
      [`content-length: ${INNER.length + 5}`, "transfer-encoding: chunked"],
      `0\r\n\r\n${INNER}`,
    ),
  ],
  ["two lengths", post(["content-length: 0", `content-length: ${INNER.length}`], INNER)],
  ["two lengths in one field", post([`content-length: 0, ${INNER.length}`], INNER)],
  ["a length with a plus", post([`content-length: +${INNER.length}`], INNER)],
  ["a negative length", post(["content-length: -1"], INNER)],
  ["chunks spelt xchunked", post(["transfer-encoding: xchunked"], CHUNK)],
  ["chunks after a tab", post(["transfer-encoding:\tchunked"], CHUNK)],
  ["chunked twice", post(["transfer-encoding: chunked", "transfer-encoding: chunked"], CHUNK)],
  ["chunked, then identity", post(["transfer-encoding: chunked, identity"], CHUNK)],
  ["a coding after a vertical tab", post(["transfer-encoding:\x0bchunked"], CHUNK)],
  [
    "a chunk extension with a line feed",
    post(["transfer-encoding: chunked"], `1;a\nb\r\nZ\r\n0\r\n\r\n${INNER}`),
  ],
  ["a chunk size with a sign", post(["transfer-encoding: chunked"], `+${CHUNK}`)],
  ["a chunk size of 17 digits", post(["transfer-encoding: chunked"], `${"0".repeat(16)}${CHUNK}`)],
  [
    "a GET with a body",
    `GET / HTTP/1.1\r\nhost: app.test\r\ncontent-length: ${INNER.length}\r\n\r\n${INNER}`,
  ],
  [
    "HTTP/1.0 with chunks",
    `POST / HTTP/1.0\r\nhost: app.test\r\ntransfer-encoding: chunked\r\n\r\n${CHUNK}`,
  ],
  ["HTTP/0.9", `GET /\r\n${INNER}`],
];

function post(lines: readonly string[], body: string): string {
  return `POST / HTTP/1.1\r\nhost: app.test\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
}

describe("requests that are no HTTP, or not clearly one request", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack);
  });
  afterAll(() => stack.disposeAsync());

  /** Sends bytes, waits for all answers, and then for a request of its own to have passed behind them. */
  const sendRaw = async (bytes: string) => {
    edge.upstream.clear();
    const connection = await openConnection(edge.haproxy.port);
    connection.write(bytes);
    connection.halfClose();
    for (let i = 0; i < 3; i++) if ((await connection.response()) === undefined) break;
    connection.close();
    await edge.send(toRequest([], "/sentinel"));
    await waitFor("the sentinel", () =>
      edge.upstream.requests.some((r) => r.startLine.includes("/sentinel")),
    );
  };

  test("are refused for what they are: the same over clean HTTP arrives, and is valid", async () => {
    expectValid(await edge.ask(mint(edge.keys.rs, claims()), ["x-first: y"]));
    const bearer = `authorization: Bearer ${mint(edge.keys.rs, claims())}`;
    expectValid(await edge.send(post([bearer, "content-length: 1"], "x")));
  });

  test.each([...MALFORMED_LINES])("deliver no identity header by %s", async (_, line) => {
    await sendRaw(toRequest([line.replace(": 1", `: ${CANARY}`)]));
    await sendRaw(toRequest(["x-first: y", line]));
    for (const request of edge.upstream.requests) expectOwnHeadersOnly(request.fields);
    expect(edge.upstream.received().includes(CANARY)).toBe(false);
  });

  test.each([...SMUGGLED])("deliver no second request's headers by %s", async (_, bytes) => {
    await sendRaw(bytes);
    for (const request of edge.upstream.requests) expectOwnHeadersOnly(request.fields);
  });
});

/** One verdict, not valid, and nothing of the client's: none of these requests holds a token. */
function expectOwnHeadersOnly(fields: readonly (readonly [string, string])[]): void {
  const ours = fields.filter(([name]) => isIdentityName(name));
  expect(ours.filter(([name]) => name === "x-tkn-valid")).toEqual([["x-tkn-valid", "0"]]);
  for (const [, value] of ours) expect(value).not.toContain(CANARY);
}
