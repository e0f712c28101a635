/** A seed installation's sorted sets in its Redis: read one by one, all, and listened to. */
import type { Cluster, Redis } from "ioredis";
import { AppError } from "../core/app-error.ts";
import { SEED_SETS } from "../core/revocation/seed-rule.ts";
import type {
  SeedSet,
  SeedSetMember,
  SeedSource,
  SeedWatcher,
  UnreadableSet,
} from "../core/revocation/seed-source.ts";
import { nameOf, type RedisAddress } from "./address.ts";
import {
  connectWithin,
  createClients,
  type RedisClients,
  type RedisSecrets,
  unavailable,
} from "./clients.ts";
import { Listeners } from "./listeners.ts";

/** What the seed's Redis puts before each of its keys. */
export const SEED_PREFIX = "{ms-users}";

/** Keys looked at for one page of a scan: as many sets at most are in memory at a time. */
const SCAN_COUNT = 200;
/** A change is told of only with these on: keyspace, sorted sets, and what happens to whole keys. */
const NEEDED_EVENTS = ["K", "z", "g"];

/**
 * Connects to a seed's Redis. It goes on trying to come back when it is lost.
 *
 * @param prefix what stands before `jwt-rules:` in the keys
 * @throws AppError unavailable
 */
export async function openSeedRedis(
  address: RedisAddress,
  secrets: RedisSecrets,
  prefix: string = SEED_PREFIX,
): Promise<SeedSource> {
  const clients = createClients(address, secrets);
  const name = nameOf(address);
  await connectWithin(clients.client, name);
  // Each call says for itself what went wrong.
  clients.client.on("error", () => undefined);
  return new SeedRedis(clients, address, name, prefix);
}

class SeedRedis implements SeedSource {
  readonly name: string;
  readonly #clients: RedisClients;
  readonly #client: Redis | Cluster;
  readonly #db: number;
  readonly #where: string;
  readonly #start: string;
  #listeners: Listeners | undefined;

  constructor(clients: RedisClients, { db }: RedisAddress, where: string, prefix: string) {
    this.#clients = clients;
    this.#client = clients.client;
    this.#db = db;
    this.#where = where;
    this.#start = prefix + SEED_SETS;
    this.name = prefix === SEED_PREFIX ? where : `${where} ${prefix}`;
  }

  async *readAll(): AsyncGenerator<SeedSet | UnreadableSet> {
    await this.#ask(() => this.#listeners?.refresh() ?? Promise.resolve());
    // A scan may name a key twice; another server may have a key that was just moved there.
    const seen = new Set<string>();
    for (const master of await this.#ask(() => this.#clients.masters())) {
      for await (const keys of this.#scan(master)) {
        // A page, too, may name a key twice.
        const fresh = keys.filter((key) => {
          const id = key.toString("latin1");
          const isFresh = !seen.has(id);
          seen.add(id);
          return isFresh;
        });
        // Asked at once, so that no set waits for the answer about the one before.
        const sets = await Promise.all(fresh.map((key) => this.#readKey(key)));
        yield* sets.filter((set) => "problem" in set || set.members.length > 0);
      }
    }
  }

  async readSet(name: string): Promise<SeedSet> {
    const set = await this.#readKey(Buffer.from(this.#start + name));
    if ("problem" in set) throw set.problem;
    return set;
  }

  async servers(): Promise<string> {
    const runs = await this.#ask(async () => {
      const masters = await this.#clients.masters();
      return Promise.all(masters.map((master) => master.info("server")));
    });
    return runs
      .map((info) => /^run_id:(\w+)/m.exec(info)?.[1] ?? "?")
      .toSorted()
      .join();
  }

  async watch(watcher: SeedWatcher): Promise<void> {
    const channel = `__keyspace@${this.#db}__:`;
    this.#listeners = new Listeners({
      create: () => this.#clients.listeners(),
      pattern: `${channel}${toGlob(this.#start)}*`,
      onChannel: (bytes) => {
        const name = toText(bytes.subarray(channel.length + Buffer.byteLength(this.#start)));
        // Such a key is found when everything is read.
        if (name !== undefined && name !== "") watcher.onSet(name);
      },
      onAgain: watcher.onAny,
    });
    const listeners = this.#listeners;
    await this.#ask(() => listeners.refresh());
  }

  async silence(): Promise<string | undefined> {
    try {
      const masters = await this.#clients.masters();
      const settings = await Promise.all(
        masters.map((master) => master.config("GET", "notify-keyspace-events")),
      );
      const lacking = settings.map(flagsOf).find((flags) => !tellsOfSets(flags));
      return lacking === undefined ? undefined : `notify-keyspace-events is "${lacking}"`;
    } catch {
      // Some who run a Redis for others have taken the command away.
      return "it does not say whether notify-keyspace-events is on";
    }
  }

  close(): void {
    this.#listeners?.close();
    this.#client.disconnect();
  }

  async *#scan(master: Redis): AsyncGenerator<readonly Buffer[]> {
    const match = `${toGlob(this.#start)}*`;
    let cursor = "0";
    do {
      const from = cursor;
      const [next, keys] = await this.#ask(() =>
        master.scanBuffer(from, "MATCH", match, "COUNT", SCAN_COUNT),
      );
      yield keys;
      cursor = next.toString("latin1");
    } while (cursor !== "0");
  }

  async #readKey(key: Buffer): Promise<SeedSet | UnreadableSet> {
    const name = toText(key.subarray(Buffer.byteLength(this.#start)));
    if (name === undefined) {
      return {
        name: key.subarray(Buffer.byteLength(this.#start)).toString("latin1"),
        problem: new AppError("invalid", "its name is not UTF-8"),
      };
    }
    try {
      const replies = await this.#client.zrangeBuffer(key, "0", "-1", "WITHSCORES");
      return { name, members: toMembers(replies) };
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("WRONGTYPE")) {
        return { name, problem: new AppError("invalid", "it is not a sorted set") };
      }
      throw unavailable(this.#where, error);
    }
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw unavailable(this.#where, error);
    }
  }
}

/** Members and scores take turns. */
function toMembers(replies: readonly Buffer[]): SeedSetMember[] {
  const members: SeedSetMember[] = [];
  for (let at = 0; at + 1 < replies.length; at += 2) {
    const [member, score] = replies.slice(at, at + 2);
    if (member === undefined || score === undefined) break;
    members.push({ text: toText(member), score: toScore(score.toString("latin1")) });
  }
  return members;
}

/** Redis writes `inf` for what JavaScript calls Infinity; neither is a time. */
function toScore(text: string): number {
  return text === "" ? Number.NaN : Number(text);
}

function toText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A text as a pattern that only it matches. */
function toGlob(text: string): string {
  return text.replace(/[*?[\]\\]/g, String.raw`\$&`);
}

function flagsOf(reply: unknown): string {
  const flags: unknown = Array.isArray(reply) ? reply[1] : undefined;
  return typeof flags === "string" ? flags : "";
}

function tellsOfSets(flags: string): boolean {
  return NEEDED_EVENTS.every(
    (flag) => flags.includes(flag) || (flag !== "K" && flags.includes("A")),
  );
}
