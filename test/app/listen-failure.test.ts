import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { toListenFailure } from "../../src/app/listen-failure.ts";
import { type Address, listen, type Listener } from "../../src/http/listen.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());
const folder = createTempFolder(stack);

function open(address: Address): Listener {
  const listener = listen(address, {
    handle: () => new Response(),
    maxBodyBytes: 1,
    idleTimeoutSeconds: 1,
    onFailure: () => undefined,
  });
  stack.defer(() => listener.close());
  return listener;
}

/** What is said of an address where nothing can listen; undefined where something can. */
async function failureAt(address: Address): Promise<string | undefined> {
  try {
    open(address);
    return undefined;
  } catch (error) {
    return (await toListenFailure("JWT_LISTEN", address, error)).message;
  }
}

const tcp = (host: string, port: number): Address => ({ kind: "tcp", host, port });
const unix = (path: string): Address => ({ kind: "unix", path: join(folder, path), mode: 0o600 });

describe("an address where nothing can listen", () => {
  test("is not a free one", async () => {
    expect(await failureAt(tcp("localhost", 0))).toBeUndefined();
    expect(await failureAt(unix("free.sock"))).toBeUndefined();
  });

  test("is named with its setting where another program has it", async () => {
    const { port = 0 } = open(tcp("127.0.0.1", 0));
    expect(await failureAt(tcp("127.0.0.1", port))).toBe(
      `JWT_LISTEN: nothing can listen on 127.0.0.1:${port}: another program listens there`,
    );
  });

  test.each([
    ["a name that nobody knows", "nosuchhost.invalid", "this machine knows no such name"],
    ["a number that is no address", "300.1.1.1", "this machine knows no such name"],
    ["another machine's address", "192.0.2.1", "this machine has no such address"],
    ["another machine's address, v6", "2001:db8::1", "this machine has no such address"],
  ])("is %s", async (_, host, why) => {
    const shown = host.includes(":") ? `[${host}]` : host;
    const text = `JWT_LISTEN: nothing can listen on ${shown}:24100: ${why}`;
    expect(await failureAt(tcp(host, 24_100))).toBe(text);
  });

  test("is a path without its folder, one that is taken, and one that is too long", async () => {
    writeFileSync(join(folder, "file"), "kept");
    const begin = `JWT_LISTEN: nothing can listen on unix:${folder}`;
    expect(await failureAt(unix("none/x"))).toBe(`${begin}/none/x: its folder is not there`);
    expect(await failureAt(unix("file/x"))).toBe(`${begin}/file/x: its folder is not there`);
    expect(await failureAt(unix("file"))).toBe(`${begin}/file: something else is in its place`);
    const long = "x".repeat(120);
    const tooLong = "a socket's path has 107 bytes at the most";
    expect(await failureAt(unix(long))).toBe(`${begin}/${long}: ${tooLong}`);
  });
});
