import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { startApp, type App } from "../../../src/app.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { createLog } from "../../../src/log.ts";
import { claims } from "../../helpers/tokens.ts";
import { mint } from "../../helpers/mint.ts";
import { exchange, statusOf } from "../../helpers/raw-client.ts";
import { createSecretKey } from "../../helpers/signing-keys.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";

const KEY = "0123456789abcdef";
const SECRET = "only-for-those-on-this-machine-01234";
const hs = createSecretKey("HS256", "hs", SECRET);
/** Enough connections that every thread gets some. */
const TIMES = 40;

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());
let app: App;
let port = 0;

beforeAll(async () => {
  const folder = createTempFolder(stack);
  const keys = join(folder, "keys.json");
  writeFileSync(keys, JSON.stringify([hs.entry]));
  const read = () =>
    loadConfig({
      flags: new Map(),
      environment: {
        JWT_DATA_DIR: join(folder, "data"),
        JWT_LISTEN: "0.0.0.0:0",
        JWT_ADMIN_LISTEN: "127.0.0.1:0",
        JWT_JWKS_FILE: keys,
        JWT_VERIFIER_KEY: KEY,
        JWT_WORKERS: "3",
      },
      file: undefined,
      defaultFile: join(folder, "none.toml"),
    });
  app = await startApp(read(), {
    log: createLog(
      () => "error",
      () => undefined,
    ),
    version: "0",
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    random: () => 0,
    onBroken: () => undefined,
  });
  stack.defer(() => app.stop());
  port = app.ports[0] ?? 0;
});

async function statuses(lines: readonly string[], body = ""): Promise<ReadonlySet<number>> {
  const bytes = [...lines, `content-length: ${body.length}`, "connection: close", "", body].join(
    "\r\n",
  );
  const found = new Set<number>();
  for (let turn = 0; turn < TIMES; turn += 1) found.add(statusOf(await exchange(port, bytes)));
  return found;
}

describe("each judging thread", () => {
  test("answers for this host", async () => {
    const token = mint(hs, claims());
    const post = ["POST / HTTP/1.1", "host: localhost", "content-type: application/jwt"];
    expect(await statuses(post, token)).toEqual(new Set([200]));
    expect(await statuses(["GET /livez HTTP/1.1", "host: localhost"])).toEqual(new Set([200]));
  });

  test.each([
    ["GET /metrics HTTP/1.1"],
    ["GET /keys.json HTTP/1.1"],
    ["GET /readyz HTTP/1.1"],
    ["POST / HTTP/1.1"],
    ["POST /x HTTP/1.1"],
  ])("refuses another host: %s", async (line) => {
    const lines = [line, "host: evil.example", "content-type: text/plain"];
    expect(await statuses(lines)).toEqual(new Set([421]));
    expect(await statuses([...lines, "x-jwt-arrival: loopback"])).toEqual(new Set([421]));
  });

  test("answers a health probe without a host, and nothing else without one", async () => {
    expect(await statuses(["GET /livez HTTP/1.0"])).toEqual(new Set([200]));
    expect(await statuses(["GET /livez HTTP/1.1", "host:"])).toEqual(new Set([421]));
    expect(await statuses(["GET /metrics HTTP/1.0"])).toEqual(new Set([421]));
    expect(await statuses(["POST / HTTP/1.0", "content-type: text/plain"])).toEqual(new Set([421]));
  });

  test("gives secrets to the key's holder on this machine", async () => {
    const texts = await keysFrom("127.0.0.1");
    for (const text of texts) expect(text).toContain(SECRET);
  });

  const outside = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  test.skipIf(outside === undefined)("gives them to nobody over the network", async () => {
    for (const text of await keysFrom(outside ?? "")) expect(text).not.toContain(SECRET);
  });
});

/** `/keys.json` as the holder of the verifier key gets it, over many connections. */
async function keysFrom(host: string): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${KEY}`, "x-jwt-arrival": "loopback" };
  const texts: string[] = [];
  for (let turn = 0; turn < TIMES; turn += 1) {
    const response = await fetch(`http://${host}:${port}/keys.json`, { headers, keepalive: false });
    expect(response.status).toBe(200);
    texts.push(await response.text());
  }
  return texts;
}
