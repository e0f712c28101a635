/** A seed installation's Redis followed by the compiled binary: from ZADD to a refusal at HAProxy, from ZREM to acceptance. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { identityOf } from "../../helpers/answer.ts";
import { BINARY } from "../../helpers/appliance.ts";
import { type CommandLine, createCommandLine, parseOutput } from "../../helpers/command-line.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { mint } from "../../helpers/mint.ts";
import { type Program, startProgram } from "../../helpers/program.ts";
import { type RedisServer, SETS, startRedis } from "../../helpers/redis.ts";
import { startTcpProxy, type TcpProxy } from "../../helpers/tcp-proxy.ts";
import { claims } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const stack = new AsyncDisposableStack();
let edge: Edge;
let redis: RedisServer;
let cable: TcpProxy;
let cli: CommandLine;
let address: string;

beforeAll(async () => {
  redis = await startRedis(stack, ["--notify-keyspace-events", "Kgz"]);
  cable = await startTcpProxy(stack, redis.port);
  edge = await startEdge(stack);
  cli = createCommandLine(edge.server.dataDir);
  address = `redis://127.0.0.1:${cable.port}`;
}, 60_000);
afterAll(() => stack.disposeAsync());

const tokenOf = (name: string) => mint(edge.keys.rs, claims({ sub: name, username: name }));

/** Waits until HAProxy says so of the very same token. */
const untilDetail = (token: string, detail: string | undefined) =>
  waitFor(`HAProxy to say ${detail ?? "ok"}`, async () => {
    const { valid, detail: said } = identityOf(await edge.ask(token));
    return said === detail && valid === (detail === undefined ? "1" : "0");
  });

let runs = 0;

/** Starts following; returns what it has said so far. */
function follow(...args: readonly string[]): { program: Program; events: () => readonly Said[] } {
  runs += 1;
  const program = startProgram(stack, {
    command: [BINARY, "rules", "import", address, "--follow", "--json", ...args],
    env: { JWT_DATA_DIR: edge.server.dataDir },
    logFile: join(edge.folder, `follow-${runs}.log`),
  });
  const events = () =>
    program
      .output()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Said);
  return { program, events };
}

interface Said {
  readonly event: string;
  readonly set?: string;
  readonly added?: number;
  readonly lifted?: number;
}

const said = (run: ReturnType<typeof follow>, event: string, set?: string) =>
  waitFor(
    `"${event}" to be said; so far\n${run.program.output()}`,
    () => run.events().some((one) => one.event === event && one.set === set),
    20_000,
  );

describe("rules import --follow", () => {
  test("a member that is added is refused at HAProxy, and accepted again when it is removed", async () => {
    const bob = tokenOf("bob");
    const carol = tokenOf("carol");
    await untilDetail(bob, undefined);
    const run = follow();
    await said(run, "read");
    expect(run.events()[0]).toMatchObject({ event: "listening", everySeconds: 60 });
    await redis.client.zadd(`${SETS}bob`, 0, '{"username":"bob"}');
    await untilDetail(bob, "revoked");
    await untilDetail(carol, undefined);
    await redis.client.zadd(`${SETS}g`, 0, '{"username":"carol"}');
    await untilDetail(carol, "revoked");
    await redis.client.zrem(`${SETS}bob`, '{"username":"bob"}');
    await untilDetail(bob, undefined);
    await untilDetail(carol, "revoked");
    await redis.client.del(`${SETS}g`);
    await untilDetail(carol, undefined);
    run.program.signal("SIGTERM");
    expect(await run.program.exited).toBe(0);
  }, 60_000);

  test("what changed while it did not run is found when it starts, and nothing is there twice", async () => {
    const bob = tokenOf("bob");
    await redis.client.zadd(`${SETS}bob`, 0, '{"username":"bob"}');
    await redis.client.zadd(`${SETS}dave`, 0, '{"username":"dave"}');
    const first = parseOutput(await cli("rules", "import", address, "--json"));
    expect(first).toMatchObject({ added: 2, present: 0 });
    await untilDetail(bob, "revoked");
    const second = parseOutput(await cli("rules", "import", address, "--json"));
    expect(second).toMatchObject({ added: 0, present: 2 });
    await redis.client.zrem(`${SETS}bob`, '{"username":"bob"}');
    const run = follow();
    await said(run, "read");
    await untilDetail(bob, undefined);
    const { stdout } = await cli("rules", "export");
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(stdout).toContain('"dave"');
    await run.program.stop();
  }, 60_000);

  test("a lost Redis and a restarted server are caught up with", async () => {
    const erin = tokenOf("erin");
    const run = follow();
    await said(run, "read");
    await cable.set({ kind: "refuse" });
    await redis.client.zadd(`${SETS}erin`, 0, '{"username":"erin"}');
    await cable.set({ kind: "pass" });
    await untilDetail(erin, "revoked");
    await edge.server.stop();
    await redis.client.zrem(`${SETS}erin`, '{"username":"erin"}');
    await said(run, "away");
    await edge.server.start();
    await said(run, "back");
    await untilDetail(erin, undefined);
    await run.program.stop();
  }, 60_000);

  test("a Redis that does not tell of changes is said to be one, and read again and again", async () => {
    await redis.client.config("SET", "notify-keyspace-events", "");
    const frank = tokenOf("frank");
    const run = follow("--every", "1");
    await said(run, "polling");
    await said(run, "read");
    await redis.client.zadd(`${SETS}frank`, 0, '{"username":"frank"}');
    await untilDetail(frank, "revoked");
    await redis.client.zrem(`${SETS}frank`, '{"username":"frank"}');
    await untilDetail(frank, undefined);
    await run.program.stop();
  }, 60_000);
});

describe("rules import from a Redis", () => {
  test("names a member that cannot be a rule, and imports nothing or the others", async () => {
    await redis.client.zadd(`${SETS}zoe`, 0, '{"username":"zoe"}', 1, '{"old":1}');
    await redis.client.zadd(`${SETS}bad`, 0, "{}");
    const strict = await cli("rules", "import", address);
    expect([strict.code, strict.stdout]).toEqual([1, ""]);
    expect(strict.stderr).toContain("jwt-rules:bad, member 0:");
    const lenient = await cli("rules", "import", address, "--continue", "--wait", "--json");
    expect(lenient.code).toBe(0);
    expect(parseOutput(lenient)).toMatchObject({
      added: 1,
      expired: 1,
      refused: 1,
      applied: true,
      problems: [{ set: "bad", place: 0 }],
    });
    await untilDetail(tokenOf("zoe"), "revoked");
  });

  test("with a password shows it nowhere", async () => {
    const locked = await startRedis(stack, ["--requirepass", "geheimnis"]);
    const to = `127.0.0.1:${locked.port}`;
    const file = join(edge.folder, "redis-password");
    await Bun.write(file, "geheimnis\n");
    await locked.client.zadd(`${SETS}yves`, 0, '{"username":"yves"}');
    const refused = await cli("rules", "import", `redis://:falsch@${to}`);
    expect(refused.code).toBe(1);
    expect(refused.stderr).not.toContain("falsch");
    const taken = await cli("rules", "import", `redis://${to}`, "--password-file", file, "--json");
    expect(parseOutput(taken)).toMatchObject({ added: 1 });
    expect((await cli("rules", "export")).stdout).not.toContain("geheimnis");
  });

  test("following wants a server that runs", async () => {
    const other = createCommandLine(join(edge.folder, "other"));
    const result = await other("rules", "import", address, "--follow");
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("start haproxy-jwt serve");
    await other("revoke", "user", "nobody", "--reason", "makes the store");
    const again = await other("rules", "import", address, "--follow");
    expect([again.code, again.stderr.includes("No server is running")]).toEqual([1, true]);
  });
});
