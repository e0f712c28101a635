/** A seed's sets in a real Redis: read, listened to, lost and found again; alone, with Sentinels, in a Cluster. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { SeedSet, SeedSource, UnreadableSet } from "../../src/core/revocation/seed-source.ts";
import { parseRedisAddress } from "../../src/redis/address.ts";
import { openSeedRedis } from "../../src/redis/seed-redis.ts";
import {
  type RedisCluster,
  type RedisServer,
  type Sentinels,
  SETS,
  startCluster,
  startRedis,
  startSentinels,
} from "../helpers/redis.ts";
import { startTcpProxy } from "../helpers/tcp-proxy.ts";
import { waitFor } from "../helpers/wait-for.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

const NO_SECRETS = { password: undefined, sentinelPassword: undefined, ca: undefined };

async function open(address: string, prefix?: string, password?: string): Promise<SeedSource> {
  const source = await openSeedRedis(
    parseRedisAddress(address),
    { ...NO_SECRETS, password },
    prefix,
  );
  stack.defer(() => source.close());
  return source;
}

async function all(source: SeedSource): Promise<readonly (SeedSet | UnreadableSet)[]> {
  const sets = await Array.fromAsync(source.readAll());
  return sets.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** Listens, and notes what is heard. */
async function listen(source: SeedSource) {
  const heard: string[] = [];
  let lost = 0;
  await source.watch({ onSet: (name) => heard.push(name), onAny: () => lost++ });
  return { heard, lost: () => lost };
}

describe("one server", () => {
  let redis: RedisServer;
  let source: SeedSource;
  beforeAll(async () => {
    redis = await startRedis(stack);
    source = await open(`redis://127.0.0.1:${redis.port}`);
  });

  test("its sets are read with members and scores, and nothing else is", async () => {
    await redis.client.zadd(`${SETS}bob`, 0, '{"a":1}', 1_900_000_000, '{"b":2}');
    await redis.client.zadd(`${SETS}g`, "inf", '{"c":3}');
    await redis.client.zadd("jwt-rules:bob", 0, "{}");
    await redis.client.zadd(`{other}jwt-rules:bob`, 0, "{}");
    await redis.client.set(`${SETS}text`, "no set");
    await redis.client.zadd(Buffer.from(`${SETS}\xff`, "latin1"), 0, "{}");
    await redis.client.zadd(`${SETS}bytes`, 0, Buffer.from([0xff]));
    const sets = await all(source);
    expect(sets).toMatchObject([
      {
        name: "bob",
        members: [
          { text: '{"a":1}', score: 0 },
          { text: '{"b":2}', score: 1_900_000_000 },
        ],
      },
      { name: "bytes", members: [{ text: undefined, score: 0 }] },
      { name: "g", members: [{ text: '{"c":3}', score: Number.NaN }] },
      { name: "text", problem: { code: "invalid" } },
      { name: "\xff", problem: { code: "invalid" } },
    ]);
  });

  test("thousands of sets are each read once", async () => {
    const pipeline = redis.client.pipeline();
    const names = Array.from({ length: 3000 }, (_, index) => `many-${index}`);
    for (const name of names) pipeline.zadd(`{many}jwt-rules:${name}`, 0, "{}");
    await pipeline.exec();
    const many = await open(`redis://127.0.0.1:${redis.port}`, "{many}");
    expect((await all(many)).map(({ name }) => name)).toEqual(names.toSorted());
  });

  test("a prefix is no pattern", async () => {
    await redis.client.zadd("[x]*jwt-rules:bob", 0, "{}");
    await redis.client.zadd("xyzjwt-rules:carol", 0, "{}");
    const starred = await open(`redis://127.0.0.1:${redis.port}`, "[x]*");
    expect((await all(starred)).map(({ name }) => name)).toEqual(["bob"]);
    expect(starred.name).toContain("[x]*");
  });

  test("one set is read alone; one that is not there is empty", async () => {
    expect((await source.readSet("bob")).members).toHaveLength(2);
    expect((await source.readSet("nobody")).members).toEqual([]);
    expect(source.readSet("text")).rejects.toMatchObject({ code: "invalid" });
  });

  test("changes are heard once they are told of, and silence is said to be so", async () => {
    expect(await source.silence()).toBe('notify-keyspace-events is ""');
    for (const [flags, isEnough] of [
      ["Ez", false],
      ["Kz", false],
      ["Kgz", true],
      ["KEA", true],
    ] as const) {
      await redis.client.config("SET", "notify-keyspace-events", flags);
      expect([flags, (await source.silence()) === undefined]).toEqual([flags, isEnough]);
    }
    const { heard } = await listen(source);
    await redis.client.zrem(`${SETS}bob`, '{"a":1}');
    await waitFor("a removal to be heard", () => heard.includes("bob"));
    await redis.client.zadd("{other}jwt-rules:zoe", 0, "{}");
    await redis.client.del(`${SETS}g`);
    await waitFor("a deletion to be heard", () => heard.includes("g"));
    expect(heard).not.toContain("zoe");
  });
});

describe("a connection", () => {
  test("that was cut is said to have missed something, and reading works again", async () => {
    const redis = await startRedis(stack, ["--notify-keyspace-events", "KA"]);
    const cable = await startTcpProxy(stack, redis.port);
    const source = await open(`redis://127.0.0.1:${cable.port}`);
    const { heard, lost } = await listen(source);
    await redis.client.zadd(`${SETS}bob`, 0, "{}");
    await waitFor("a change to be heard", () => heard.includes("bob"));
    expect(lost()).toBe(0);
    await cable.set({ kind: "refuse" });
    await redis.client.zadd(`${SETS}carol`, 0, "{}");
    expect(source.readSet("carol")).rejects.toMatchObject({ code: "unavailable" });
    await cable.set({ kind: "pass" });
    await waitFor("the loss to be noted", () => lost() > 0);
    await waitFor(
      "it to be read",
      async () => (await source.readSet("carol")).members.length === 1,
    );
    await redis.client.zadd(`${SETS}dave`, 0, "{}");
    await waitFor("a change to be heard again", () => heard.includes("dave"));
  });

  test("to nobody, or with a wrong password, is refused in a sentence", async () => {
    const redis = await startRedis(stack, ["--requirepass", "right"]);
    const address = `127.0.0.1:${redis.port}`;
    expect(open("redis://127.0.0.1:1")).rejects.toMatchObject({ code: "unavailable" });
    for (const wrong of [`redis://${address}`, `redis://:wrong@${address}`]) {
      const refused = await open(wrong).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: "unavailable" });
      expect(String(refused)).not.toContain("wrong@");
    }
    expect(await all(await open(`redis://:right@${address}`))).toEqual([]);
    expect(await all(await open(`redis://${address}`, undefined, "right"))).toEqual([]);
  });
});

describe("behind Sentinels", () => {
  let sentinels: Sentinels;
  beforeAll(async () => {
    sentinels = await startSentinels(stack);
  }, 60_000);

  test("the master is read, and after a failover the one that took over", async () => {
    const { master, replica, hosts } = sentinels;
    const source = await open(`redis+sentinel://127.0.0.1:1,${hosts}/rules`);
    const { heard, lost } = await listen(source);
    await master.client.zadd(`${SETS}bob`, 0, "{}");
    await waitFor("a change to be heard", () => heard.includes("bob"));
    await waitFor("the replica to have it", async () => (await replica.client.dbsize()) === 1);
    const before = await source.servers();
    await sentinels.failOver();
    await waitFor("the loss to be noted", () => lost() > 0, 30_000);
    await waitFor(
      "the new master to be read",
      async () => (await source.servers()) !== before && (await all(source)).length === 1,
      30_000,
    );
    await replica.client.zadd(`${SETS}carol`, 0, "{}");
    await waitFor("a change of the new master to be heard", () => heard.includes("carol"));
  }, 60_000);

  test("a master's name that nobody knows is refused", async () => {
    const { hosts } = sentinels;
    expect(open(`redis+sentinel://${hosts}/other`)).rejects.toMatchObject({ code: "unavailable" });
  });
});

describe("in a Cluster", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startCluster(stack);
  }, 60_000);

  test("the sets of every server are read and heard", async () => {
    const [first] = cluster.servers;
    if (first === undefined) throw new Error("no server");
    const address = `redis+cluster://${cluster.host}`;
    // Without a hash tag each user's set is somewhere else.
    const source = await open(address, "seed:");
    const { heard } = await listen(source);
    const names = Array.from({ length: 30 }, (_, index) => `user-${index}`);
    await Promise.all(
      names.map(async (name) => {
        const args = ["-c", "-p", String(first.port), "zadd", `seed:jwt-rules:${name}`, "0", "{}"];
        const added = Bun.spawn(["redis-cli", ...args], { stdout: "ignore" });
        expect(await added.exited).toBe(0);
      }),
    );
    expect((await all(source)).map(({ name }) => name)).toEqual(names.toSorted());
    await waitFor("each to be heard", () => names.every((name) => heard.includes(name)));
    expect(await source.silence()).toBe(undefined);
    expect((await source.servers()).split(",")).toHaveLength(3);
    expect((await source.readSet("user-7")).members).toHaveLength(1);
  }, 30_000);

  test("a part that is away makes a reading fail, not come out shorter", async () => {
    const source = await open(`redis+cluster://${cluster.host}`, "seed:");
    expect(await all(source)).toHaveLength(30);
    await cluster.servers[2]?.stop();
    expect(all(source)).rejects.toMatchObject({ code: "unavailable" });
  }, 60_000);
});
