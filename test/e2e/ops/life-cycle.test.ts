import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Appliance, runCommand, startAppliance } from "../../helpers/appliance.ts";
import { openDatagramSocket } from "../../helpers/datagram-socket.ts";
import { startFeedVerifier } from "../../helpers/feed-verifier.ts";
import { mint } from "../../helpers/mint.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
let stack: AsyncDisposableStack;
let folder: string;
let keyFile: string;
beforeEach(() => {
  stack = new AsyncDisposableStack();
  folder = createTempFolder(stack);
  keyFile = join(folder, "keys.json");
  writeKeys([keys.rs.entry]);
});
afterEach(() => stack.disposeAsync());

function writeKeys(entries: unknown): void {
  writeFileSync(keyFile, JSON.stringify(entries));
}

function start(env: Readonly<Record<string, string>> = {}): Promise<Appliance> {
  return startAppliance(stack, { folder, env: { JWT_JWKS_FILE: keyFile, ...env } });
}

/** The log's lines so far, as objects; what else is written is left out. */
function logOf(server: Appliance): readonly Record<string, unknown>[] {
  return server
    .program()
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function isValid(server: Appliance, token: string): Promise<boolean> {
  return (await server.judge(token)).valid === "1";
}

describe("SIGTERM", () => {
  test("ends the server at once although verifiers wait for news", async () => {
    const server = await start();
    for (let i = 0; i < 20; i++) startFeedVerifier(stack, server, `thread-${i}`);
    await waitFor("the verifiers to be known", async () => {
      const text = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
      return text.includes('haproxy_jwt_verifiers{state="live"} 20');
    });
    const startedAt = performance.now();
    server.program().signal("SIGTERM");
    expect(await server.program().exited).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  }, 30_000);

  test("lets requests that are under way have their answer", async () => {
    const server = await start();
    const token = mint(keys.rs, claims());
    const asked = Array.from({ length: 50 }, () => isValid(server, token));
    await asked[0];
    server.program().signal("SIGTERM");
    const answers = await Promise.allSettled(asked);
    const answered = answers.filter((one) => one.status === "fulfilled");
    expect(answered.every((one) => one.value)).toBe(true);
    expect(await server.program().exited).toBe(0);
  });

  test("does not wait for one who never finishes what he says", async () => {
    const server = await start();
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: server.port,
      socket: { data: () => undefined },
    });
    stack.defer(() => void socket.end());
    socket.write("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/jwt\r\n");
    socket.write("content-length: 500\r\n\r\neyJ");
    server.program().signal("SIGTERM");
    expect(await server.program().exited).toBe(0);
  }, 15_000);
});

describe("SIGHUP", () => {
  test("takes up a new key file, policy and log level", async () => {
    const config = join(folder, "server.toml");
    const write = (text: string) => writeFileSync(config, `${text}\n`);
    write('log_level = "info"');
    const server = await startAppliance(stack, {
      folder,
      env: { JWT_JWKS_FILE: keyFile },
      config,
    });
    const token = mint(keys.es, claims({ aud: "orders" }));
    expect(await isValid(server, token)).toBe(false);
    writeKeys([keys.rs.entry, keys.es.entry]);
    write('log_level = "debug"\naudience = ["orders"]');
    server.program().signal("SIGHUP");
    await waitFor("the new key to be taken", () => isValid(server, token));
    expect(await server.judge(mint(keys.rs, claims({ aud: "billing" })))).toMatchObject({
      valid: "0",
      reason: "E_AUD_MISMATCH",
    });
    await waitFor("a debug line", () => logOf(server).some(({ level }) => level === "debug"));
  });

  test("changes nothing where the new configuration cannot be used, and says why", async () => {
    const config = join(folder, "server.toml");
    writeFileSync(config, "");
    const server = await startAppliance(stack, {
      folder,
      env: { JWT_JWKS_FILE: keyFile },
      config,
    });
    writeFileSync(config, 'clock_skew = "soon"\nnonsense = 1\n');
    server.program().signal("SIGHUP");
    const line = await waitFor("the refusal", () =>
      logOf(server).find(({ message }) => String(message).includes("not taken up")),
    );
    expect(String(line["problems"])).toContain("JWT_CLOCK_SKEW");
    expect(String(line["problems"])).toContain("nonsense");
    expect(await isValid(server, mint(keys.rs, claims()))).toBe(true);
    const text = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
    expect(text).toContain('haproxy_jwt_reloads_total{result="failed"} 1');
  });

  test("names the settings that wait for a restart", async () => {
    const config = join(folder, "server.toml");
    writeFileSync(config, "");
    const server = await startAppliance(stack, {
      folder,
      env: { JWT_JWKS_FILE: keyFile },
      config,
    });
    writeFileSync(config, "max_token_bytes = 4096\nclock_skew = 9\n");
    server.program().signal("SIGHUP");
    const line = await waitFor("the remark", () =>
      logOf(server).find(({ message }) => String(message).includes("wait for a restart")),
    );
    expect(line["settings"]).toBe("JWT_MAX_TOKEN_BYTES");
  });

  test("keeps to what waits for a restart, and names it each time until it is as before", async () => {
    const config = join(folder, "server.toml");
    const elsewhere = join(folder, "elsewhere");
    const running = `data_dir = "${join(folder, "data")}"\n`;
    writeFileSync(config, running);
    const server = await startAppliance(stack, {
      folder,
      env: { JWT_JWKS_FILE: keyFile, JWT_DATA_DIR: "" },
      config,
    });
    const said = (words: string) =>
      logOf(server).filter(({ message }) => String(message).includes(words));
    const takeUp = async (text: string) => {
      const { length } = said("configuration taken up");
      writeFileSync(config, text);
      server.program().signal("SIGHUP");
      await waitFor("the reload", () => said("configuration taken up").length > length);
    };
    const waiting = () => said("wait for a restart").map(({ settings }) => settings);
    const command = ["block", "bob", "--reason", "r", "--config", config];
    expect(await server.run("revoke", ...command)).toMatchObject({ code: 0 });
    const ofBob = (more: object) => mint(keys.rs, claims({ username: "bob", ...more }));
    expect(await server.judge(ofBob({}))).toMatchObject({ detail: "revoked" });

    const other = `data_dir = "${elsewhere}"\nsubject_claims = "tenant"\naudience = "orders"\n`;
    for (const times of [1, 2]) {
      // oxlint-disable-next-line no-await-in-loop -- one signal after the other
      await takeUp(other);
      const expected = Array.from({ length: times }, () => "JWT_DATA_DIR,JWT_SUBJECT_CLAIMS");
      // oxlint-disable-next-line no-await-in-loop -- as above
      await waitFor("the remark", () => waiting().length === times);
      expect(waiting()).toEqual(expected);
    }
    // The control: what may change has changed.
    expect(await server.judge(mint(keys.rs, claims()))).toMatchObject({ detail: "audience" });
    expect(await server.judge(ofBob({ aud: "orders" }))).toMatchObject({ detail: "revoked" });
    expect(existsSync(elsewhere)).toBe(false);
    await takeUp(running);
    await takeUp(running);
    expect(waiting()).toHaveLength(2);
  });
});

describe("under systemd", () => {
  test("the server says when it is ready, alive, reloads and stops", async () => {
    const path = join(folder, "notify.sock");
    const socket = openDatagramSocket(path);
    stack.defer(() => socket.close());
    const said: string[] = [];
    const hear = () => {
      for (let next = socket.receive(); next !== undefined; next = socket.receive()) {
        said.push(next.split("\n")[0] ?? "");
      }
      return said;
    };
    const server = await start({ NOTIFY_SOCKET: path, WATCHDOG_USEC: "200000" });
    await waitFor("readiness", () => hear()[0] === "READY=1");
    await waitFor("two keep-alives", () => hear().filter((one) => one === "WATCHDOG=1").length > 1);
    server.program().signal("SIGHUP");
    await waitFor("the reload", () => hear().includes("RELOADING=1"));
    await waitFor(
      "the reload's end",
      () => hear().lastIndexOf("READY=1") > said.indexOf("RELOADING=1"),
    );
    server.program().signal("SIGTERM");
    await server.program().exited;
    await waitFor("the last word", () => hear().at(-1) === "STOPPING=1");
  });

  test("a server that hangs sends no keep-alive", async () => {
    const path = join(folder, "notify.sock");
    const socket = openDatagramSocket(path);
    stack.defer(() => socket.close());
    const server = await start({ NOTIFY_SOCKET: path, WATCHDOG_USEC: "100000" });
    await waitFor("a keep-alive", () => socket.receive() === "WATCHDOG=1");
    server.program().signal("SIGSTOP");
    await waitFor("what had been sent to be read", () => socket.receive() === undefined);
    const startedAt = performance.now();
    await waitFor("three intervals to pass", () => performance.now() - startedAt > 150);
    expect(socket.receive()).toBeUndefined();
    server.program().signal("SIGCONT");
    await waitFor("the next keep-alive", () => socket.receive() === "WATCHDOG=1");
  });
});

describe("a configuration that cannot be used", () => {
  test("ends the start with 78 and every problem by its name", async () => {
    const { code, stderr } = await runCommand(["serve", "--data-dir", folder], {
      JWT_CLOCK_SKEW: "soon",
      JWT_LISTEN: "nowhere",
      JWT_ADMIN_LISTEN: "0.0.0.0:1",
    });
    expect(code).toBe(78);
    for (const name of ["JWT_CLOCK_SKEW", "JWT_LISTEN"]) expect(stderr).toContain(name);
  });
});
