import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { identityOf, toAnswer } from "../../helpers/answer.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { exchangeH2 } from "../../helpers/h2-client.ts";
import { type HttpMessage, valuesOf } from "../../helpers/http-message.ts";
import { mint } from "../../helpers/mint.ts";
import { openConnection, statusOf, toRequest } from "../../helpers/raw-client.ts";
import { claims } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

/** What would arrive as a request if the upstream read requests in a tunnel. */
const INSIDE = toRequest(["x-tkn-valid: 1"], "/inside");

/** Agrees to whatever upgrade is asked for (RFC 9110 §7.8), and answers 200 to all else, inside a tunnel too. */
function agree(request: HttpMessage): Buffer {
  const [protocol] = valuesOf(request.fields, "upgrade");
  const isConnect = request.startLine.startsWith("CONNECT ");
  if (protocol === undefined || isConnect) {
    return Buffer.from(
      `HTTP/1.1 200 ${isConnect ? "Connected" : "OK"}\r\ncontent-length: 0\r\n\r\n`,
    );
  }
  const [key = ""] = valuesOf(request.fields, "sec-websocket-key");
  const accept = createHash("sha1")
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  const lines = ["connection: upgrade", `upgrade: ${protocol}`, `sec-websocket-accept: ${accept}`];
  return Buffer.from(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
}

describe.each(["haproxy.cfg", "enforce.cfg"])("tunnels through %s", (config) => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, { config });
    edge.upstream.respondWith(agree);
  });
  beforeEach(() => edge.upstream.clear());
  afterAll(() => stack.disposeAsync());

  const ask = (upgrades: readonly string[]) =>
    toRequest([
      `authorization: Bearer ${mint(edge.keys.rs, claims())}`,
      "connection: Upgrade",
      ...upgrades.map((value) => `upgrade: ${value}`),
      `sec-websocket-key: ${randomBytes(16).toString("base64")}`,
      "sec-websocket-version: 13",
    ]);

  test.each(["websocket", "WebSocket", "WEBSOCKET", " websocket "])(
    "carry a WebSocket both ways, asked for as %p",
    async (value) => {
      const connection = await openConnection(edge.haproxy.port);
      connection.write(ask([value]));
      expect(statusOf(await connection.response())).toBe(101);
      const [opening] = edge.upstream.requests;
      const identity = identityOf({ ...toAnswer(undefined), delivered: opening });
      expect(identity.valid).toBe("1");
      connection.write(INSIDE);
      expect(statusOf(await connection.response())).toBe(200);
      // Read at the other end as it was sent: what is in a tunnel nobody strips.
      expect(edge.upstream.requests[1]?.bytes.toString("latin1")).toBe(INSIDE);
      connection.close();
    },
  );

  test.each<readonly [name: string, upgrades: readonly string[]]>([
    ["TLS", ["TLS/1.0"]],
    ["TLS beside a WebSocket", ["websocket, TLS/1.0"]],
    ["HTTP/2.0", ["HTTP/2.0"]],
    ["a WebSocket, then TLS in a field of its own", ["websocket", "TLS/1.0"]],
    ["TLS, then a WebSocket in a field of its own", ["TLS/1.0", "websocket"]],
    ["a WebSocket in two fields", ["websocket", "websocket"]],
    ["a WebSocket of some version", ["websocket/13"]],
    ["what begins like a WebSocket", ["websockets"]],
    ["what nobody knows", ["connect-ip"]],
  ])("are refused for %s", async (_, upgrades) => {
    const connection = await openConnection(edge.haproxy.port);
    connection.write(ask(upgrades) + INSIDE);
    expect(statusOf(await connection.response())).toBe(400);
    connection.close();
    expect(edge.upstream.received().toString("latin1")).toBe("");
  });

  // Newer ones take h2c out before any rule sees it, and what is then empty too.
  test.each<readonly [name: string, upgrades: readonly string[]]>([
    ["h2c", ["h2c"]],
    ["h2c after a WebSocket", ["websocket, h2c"]],
    ["h2c before a WebSocket", ["h2c,websocket"]],
    ["nothing", [""]],
    ["a list of nothing", [","]],
  ])("are refused, or not asked for, for %s", async (_, upgrades) => {
    const connection = await openConnection(edge.haproxy.port);
    connection.write(ask(upgrades));
    const status = statusOf(await connection.response());
    connection.close();
    const asked = edge.upstream.requests.map(({ fields }) => valuesOf(fields, "upgrade"));
    const expected = new Map([
      [400, []],
      [200, [[]]],
      [101, [["websocket"]]],
    ]);
    expect(asked).toEqual(expected.get(status) ?? [["neither"]]);
  });

  test("are a WebSocket's alone over HTTP/2 too, where CONNECT names a protocol (RFC 8441)", async () => {
    const connect = (protocol: string, timeoutMs?: number) =>
      exchangeH2(
        edge.haproxy.port,
        {
          method: "CONNECT",
          fields: [
            [":protocol", protocol],
            ["authorization", `Bearer ${mint(edge.keys.rs, claims())}`],
            ["sec-websocket-version", "13"],
          ],
        },
        timeoutMs,
      );
    for (const protocol of ["connect-udp", "TLS/1.0", "HTTP/2.0", "websocket, TLS/1.0"]) {
      expect((await connect(protocol)).status).toBe(400);
    }
    expect(edge.upstream.received().toString("latin1")).toBe("");
    // What is agreed to stays open, so nobody waits for its end.
    const opened = connect("websocket", 1000).catch(() => undefined);
    await waitFor("the WebSocket to be asked for", () => edge.upstream.requests.length > 0);
    const [opening] = edge.upstream.requests;
    expect(valuesOf(opening?.fields ?? [], "upgrade")).toEqual(["websocket"]);
    await opened;
  });

  test("are refused where CONNECT asks for one", async () => {
    const connection = await openConnection(edge.haproxy.port);
    const bearer = `authorization: Bearer ${mint(edge.keys.rs, claims())}`;
    const head = "CONNECT app.test:80 HTTP/1.1\r\nhost: app.test:80\r\n";
    connection.write(`${head}${bearer}\r\n\r\n${INSIDE}`);
    expect(statusOf(await connection.response())).toBe(400);
    connection.close();
    expect(edge.upstream.received().toString("latin1")).toBe("");
  });
});
