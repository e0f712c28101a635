import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Listener, listen } from "../../src/http/listen.ts";
import { openConnection } from "../helpers/raw-client.ts";

describe("listen", () => {
  let listener: Listener;
  const failures: unknown[] = [];
  beforeAll(() => {
    listener = listen(
      { kind: "tcp", host: "127.0.0.1", port: 0 },
      {
        maxBodyBytes: 1000,
        idleTimeoutSeconds: 5,
        onFailure: (error) => failures.push(error),
        handle: async (request) => {
          const { pathname, search } = new URL(request.url);
          const body = await request.text();
          return Response.json([pathname + search, request.headers.get("host"), body]);
        },
      },
    );
  });
  afterAll(() => listener.close());

  const send = async (text: string) => {
    const connection = await openConnection(listener.port ?? 0);
    connection.write(text);
    const response = await connection.response();
    connection.close();
    return JSON.parse(response?.body.toString() ?? "null");
  };

  // HAProxy's own `option httpchk` sends the first of these.
  test.each([
    ["no Host, as HTTP/1.0 allows", "GET /livez?a=b HTTP/1.0\r\n\r\n", null],
    ["an empty Host", "GET /livez?a=b HTTP/1.1\r\nHost:\r\n\r\n", ""],
    ["a Host that is none", "GET /livez?a=b HTTP/1.1\r\nHost: a b\r\n\r\n", "a b"],
    ["a Host", "GET /livez?a=b HTTP/1.1\r\nHost: localhost:1\r\n\r\n", "localhost:1"],
  ])("hands on a request with %s with a URL that can be parsed", async (_, text, host) => {
    expect(await send(text)).toEqual(["/livez?a=b", host, ""]);
    expect(failures).toEqual([]);
  });

  test("keeps the body of one without Host", async () => {
    const text = "POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello";
    expect(await send(text)).toEqual(["/", null, "hello"]);
  });
});
