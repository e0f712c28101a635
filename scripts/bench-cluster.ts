/**
 * How soon a thousand machines see a revocation: as many followers of one journal on a real PostgreSQL,
 * each with its own LISTEN connection and place in the journal, all in this one process. They take
 * notices and read as a node does but keep no replica.
 *
 * bun scripts/bench-cluster.ts [--nodes 1000] [--revocations 50] [--every 400]
 */
import { SQL } from "bun";
import { parseArgs } from "node:util";
import { parseRule } from "../src/core/revocation/parse-rule.ts";
import { readEntries, readHistory } from "../src/postgres/journal.ts";
import { parseNotice } from "../src/postgres/notice.ts";
import { openPostgresStore } from "../src/postgres/open-store.ts";
import { JOURNAL_CHANNEL } from "../src/postgres/parts.ts";
import { startPostgres } from "../test/helpers/postgres.ts";
import { waitFor } from "../test/helpers/wait-for.ts";

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "1000" },
    revocations: { type: "string", default: "50" },
    /** Milliseconds between two revocations. */
    every: { type: "string", default: "400" },
  },
});
const nodeCount = Number(values.nodes);
const revocations = Number(values.revocations);
/** Connections over which the followers read; each of them has one more to listen. */
const READERS = 16;

const stack = new AsyncDisposableStack();
const server = await startPostgres(stack, {
  settings: [`max_connections = ${nodeCount + 100}`, "shared_buffers = 128MB"],
});
const store = openPostgresStore({
  endpoints: [server.url],
  isSingle: true,
  nowMs: () => Date.now(),
});
await store.prepare();
const readers = new SQL({
  url: server.url,
  max: READERS,
  connection: { search_path: "haproxy_jwt" },
});

const { noticeKey } = await store.database.read(readHistory);

const sentAt = new Map<number, number>();
const storedAt = new Map<number, number>();
const seenMs: number[] = [];

/** One machine: it takes what a notice brings, and else reads on from where it is. */
async function startFollower(): Promise<{ readonly seq: () => number }> {
  const own = new SQL({ url: server.url, max: 1 });
  let seq = 0;
  let reading: Promise<void> | undefined;
  let isWoken = false;
  const take = (entry: number): void => {
    seq = entry;
    const sent = sentAt.get(seq);
    if (sent !== undefined) seenMs.push(performance.now() - sent);
  };
  const read = async (): Promise<void> => {
    while (isWoken) {
      isWoken = false;
      // oxlint-disable-next-line no-await-in-loop -- one read after the other
      const entries = (await readEntries(readers, seq, 500)) ?? [];
      for (const entry of entries) take(entry.seq);
    }
  };
  const wake = () => {
    isWoken = true;
    reading ??= read().finally(() => {
      reading = undefined;
    });
  };
  const heard = (payload: string) => {
    const notice = parseNotice(payload, noticeKey);
    const isNext = reading === undefined && notice?.entry.seq === seq + 1;
    if (isNext) take(seq + 1);
    else wake();
  };
  await own.listen(JOURNAL_CHANNEL, heard, wake);
  return { seq: () => seq };
}

const followers: Awaited<ReturnType<typeof startFollower>>[] = [];
for (let n = 0; n < nodeCount; n += 50) {
  const some = Array.from({ length: Math.min(50, nodeCount - n) }, startFollower);
  // oxlint-disable-next-line no-await-in-loop -- a crowd at a time
  followers.push(...(await Promise.all(some)));
}

const rule = parseRule('{"iat":{"lte":1900000000}}');
const actor = { who: "bench", via: "cli", from: "local" } as const;
for (let n = 1; n <= revocations; n += 1) {
  sentAt.set(n, performance.now());
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  const { seq } = await store.rules.addRule(
    {
      scope: { kind: "subject", subject: `user-${n}`, issuer: undefined },
      rule,
      expireAt: 0,
      reason: "a bench",
    },
    actor,
  );
  storedAt.set(seq, performance.now());
  // oxlint-disable-next-line no-await-in-loop
  await Bun.sleep(Number(values.every));
}
await waitFor(
  "every machine to have seen every revocation",
  () => followers.every(({ seq }) => seq() === revocations),
  60_000,
);

const at = (sorted: readonly number[], share: number) =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
const seen = seenMs.toSorted((a, b) => a - b);
const stored = [...storedAt]
  .map(([seq, ms]) => ms - (sentAt.get(seq) ?? ms))
  .toSorted((a, b) => a - b);
process.stdout.write(
  `${nodeCount} machines, ${revocations} revocations, ${seen.length} sightings\n` +
    `stored: p50 ${at(stored, 0.5)} ms, p99 ${at(stored, 0.99)} ms\n` +
    `seen by a machine, from asking: p50 ${at(seen, 0.5)} ms, p99 ${at(seen, 0.99)} ms, ` +
    `longest ${at(seen, 1)} ms\n`,
);
await stack.disposeAsync();
// The followers' connections have nobody to close them.
process.exit(0);
