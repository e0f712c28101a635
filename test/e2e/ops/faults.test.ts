import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { type Socket, connect } from "node:net";
import { join } from "node:path";
import {
  type Appliance,
  BINARY,
  type CommandResult,
  startAppliance,
} from "../../helpers/appliance.ts";
import { mint } from "../../helpers/mint.ts";
import { onReadOnly, onTmpfs, seenBy } from "../../helpers/own-mount.ts";
import { startProgram } from "../../helpers/program.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const LOCK_SECONDS = process.env["FULL"] === undefined ? 7 : 30;
const DAMAGES = process.env["FULL"] === undefined ? 6 : 60;

let stack: AsyncDisposableStack;
let folder: string;
let keyFile: string;
beforeEach(() => {
  stack = new AsyncDisposableStack();
  folder = createTempFolder(stack);
  keyFile = join(folder, "keys.json");
  writeFileSync(keyFile, JSON.stringify([keys.rs.entry]));
});
afterEach(() => stack.disposeAsync());

function start(prefix: readonly string[] = [], until: "ready" | "up" = "ready") {
  return startAppliance(stack, { folder, env: { JWT_JWKS_FILE: keyFile }, prefix, until });
}

const good = () => mint(keys.rs, claims({ username: "alice", sub: "alice" }));
const bobs = () => mint(keys.rs, claims({ username: "bob", sub: "bob" }));

async function detailOf(server: Appliance, token: string): Promise<string> {
  const { valid, detail } = await server.judge(token);
  return valid === "1" ? "ok" : (detail ?? "nothing");
}

async function problemsOf(server: Appliance): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${server.port}/readyz`);
  return `${response.status} ${await response.text()}`;
}

function block(server: Appliance, name: string, dataDir = server.dataDir): Promise<CommandResult> {
  const words = ["revoke", "block", name, "--reason", "a test", "--no-wait"];
  return server.run(...words, "--data-dir", dataDir);
}

describe("a full disk", () => {
  test("refuses new rules, keeps those there and judges on; back when there is room", async () => {
    const dataDir = join(folder, "data");
    const server = await start(onTmpfs(dataDir, "3m"));
    const readyAt = performance.now();
    const seen = seenBy(server.program(), dataDir);
    expect(await block(server, "bob", seen)).toMatchObject({ code: 0 });
    expect([await detailOf(server, good()), await detailOf(server, bobs())]).toEqual([
      "ok",
      "revoked",
    ]);

    const filler = join(seen, "filler");
    fill(filler);
    const refused = await waitFor("a rule to be refused", async () => {
      const result = await block(server, `carol-${crypto.randomUUID()}`, seen);
      return result.code !== 0 && result;
    });
    expect(refused.code).toBe(1);
    expect(refused.stderr).not.toContain("at ");
    expect([await detailOf(server, good()), await detailOf(server, bobs())]).toEqual([
      "ok",
      "revoked",
    ]);
    await waitFor("what readiness knew to be old", () => performance.now() - readyAt > 2000);
    expect(await problemsOf(server)).toStartWith("503");

    rmSync(filler);
    await waitFor("readiness", async () => (await problemsOf(server)).startsWith("200"));
    expect(await block(server, "dave", seen)).toMatchObject({ code: 0 });
    expect(await detailOf(server, mint(keys.rs, claims({ username: "dave" })))).toBe("revoked");
  }, 60_000);
});

describe("a folder that cannot be written", () => {
  test("ends the start with the reason", async () => {
    const first = await start();
    await first.stop();
    const { code, output } = await serveAgain(first, onReadOnly(first.dataDir));
    expect(code).toBe(1);
    expect(output).toContain(first.dataDir);
    expect(output).not.toContain("    at ");
  }, 30_000);
});

describe("a store locked by another process", () => {
  test(`for ${LOCK_SECONDS} s refuses changes in time, judges on, and takes changes after it`, async () => {
    const server = await start();
    expect(await block(server, "bob")).toMatchObject({ code: 0 });
    const other = new Database(join(server.dataDir, "haproxy-jwt.db"));
    stack.defer(() => other.close());
    other.run("BEGIN IMMEDIATE");
    const lockedAt = performance.now();
    const change = block(server, "carol");
    const times: number[] = [];
    while (performance.now() - lockedAt < LOCK_SECONDS * 1000) {
      const askedAt = performance.now();
      // oxlint-disable-next-line no-await-in-loop -- one client that asks all the time
      expect([await detailOf(server, good()), await detailOf(server, bobs())]).toEqual([
        "ok",
        "revoked",
      ]);
      times.push(performance.now() - askedAt);
    }
    expect(await change).toMatchObject({ code: 1 });
    // Nobody waits for the lock but who wants to write.
    expect(times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]).toBeLessThan(200);
    other.run("ROLLBACK");
    expect(await block(server, "dave")).toMatchObject({ code: 0 });
    expect(await detailOf(server, mint(keys.rs, claims({ username: "dave" })))).toBe("revoked");
  }, 90_000);
});

describe("no file descriptor left", () => {
  test("neither ends the server nor lets a token pass, and it is well again afterwards", async () => {
    const server = await start(["prlimit", "--nofile=64:64"]);
    expect(await block(server, "bob")).toMatchObject({ code: 0 });
    const sockets: Socket[] = [];
    const closeAll = () => {
      for (const socket of sockets) socket.destroy();
    };
    stack.defer(closeAll);
    for (let i = 0; i < 200; i++) {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => undefined);
      sockets.push(socket);
    }
    const during = await Promise.allSettled(
      Array.from({ length: 10 }, () =>
        fetch(`http://127.0.0.1:${server.port}/`, {
          method: "POST",
          body: bobs(),
          headers: { "content-type": "application/jwt" },
          signal: AbortSignal.timeout(500),
        }).then((response) => response.text()),
      ),
    );
    for (const one of during) {
      if (one.status === "fulfilled") expect(one.value).not.toContain('"valid":"1"');
    }
    closeAll();
    await waitFor("answers", async () => (await detailOf(server, good())) === "ok", 20_000);
    expect(await detailOf(server, bobs())).toBe("revoked");
    expect(server.program().isRunning()).toBe(true);
    expect(await block(server, "carol")).toMatchObject({ code: 0 });
  }, 60_000);
});

describe("a damaged database", () => {
  // Stopped, everything lies in the database; killed, the newest of it lies in the log beside it.
  for (const [file, end] of [
    ["haproxy-jwt.db", "stop"],
    ["haproxy-jwt.db-wal", "kill"],
  ] as const) {
    test(`(${file}) is never taken for one that revokes nobody, ${DAMAGES} times`, async () => {
      const server = await start();
      for (const name of ["bob", "carol", "dave"]) {
        // oxlint-disable-next-line no-await-in-loop -- one change after the other
        expect(await block(server, name)).toMatchObject({ code: 0 });
      }
      await server[end]();
      const sound = keep(server.dataDir);
      const outcomes: string[] = [];
      for (let i = 0; i < DAMAGES; i++) {
        bringBack(server.dataDir, sound);
        damage(join(server.dataDir, file), i);
        // oxlint-disable-next-line no-await-in-loop -- one start after the other, on the same ports
        outcomes.push((await serveAgain(server)).detail);
      }
      bringBack(server.dataDir, sound);
      outcomes.push((await serveAgain(server)).detail);
      expect(outcomes.at(-1)).toBe("revoked");
      expect(outcomes.filter((one) => one === "ok")).toEqual([]);
    }, 600_000);
  }
});

const STORE_FILES = ["haproxy-jwt.db", "haproxy-jwt.db-wal", "haproxy-jwt.db-shm"];

function keep(dataDir: string): ReadonlyMap<string, Buffer> {
  const there = STORE_FILES.filter((name) => existsSync(join(dataDir, name)));
  return new Map(there.map((name) => [name, readFileSync(join(dataDir, name))]));
}

function bringBack(dataDir: string, kept: ReadonlyMap<string, Buffer>): void {
  for (const name of STORE_FILES) rmSync(join(dataDir, name), { force: true });
  for (const [name, bytes] of kept) writeFileSync(join(dataDir, name), bytes, { mode: 0o600 });
}

/** Starts the server on the same folder until it answers or has ended, asks for bob's token, and ends it. */
async function serveAgain(
  server: Appliance,
  prefix: readonly string[] = [],
): Promise<{ readonly code: number | null; readonly output: string; readonly detail: string }> {
  const program = startProgram(stack, {
    command: [...prefix, BINARY, "serve"],
    env: {
      JWT_LISTEN: `127.0.0.1:${server.port}`,
      JWT_ADMIN_LISTEN: `127.0.0.1:${server.adminPort}`,
      JWT_DATA_DIR: server.dataDir,
      JWT_VERIFIER_KEY: server.verifierKey,
      JWT_JWKS_FILE: keyFile,
    },
    logFile: join(folder, `again-${crypto.randomUUID()}.log`),
  });
  const detail = await waitFor("an answer or an end", () =>
    program.isRunning() ? detailOf(server, bobs()) : "down",
  );
  if (detail !== "down") await program.kill();
  return { code: await program.exited, output: program.output(), detail };
}

/** Writes until nothing more fits, a byte at the end. */
function fill(path: string): void {
  const descriptor = openSync(path, "w");
  try {
    for (const size of [65_536, 4096, 512, 1]) {
      const block = Buffer.alloc(size);
      try {
        for (;;) writeSync(descriptor, block);
      } catch {
        // Full for blocks of this size: a smaller one may still fit.
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Overwrites a stretch somewhere after the file's head, another place each time. */
function damage(path: string, round: number): void {
  const { size } = statSync(path);
  const length = 512;
  const at = 4096 + ((round * 7919 * 512) % (size - 4096 - length));
  const descriptor = openSync(path, "r+");
  writeSync(descriptor, Buffer.alloc(length, round % 2 === 0 ? 0 : 0x5a), 0, length, at);
  closeSync(descriptor);
}
