/** The table of nodes: leases under the journal's lock, reports of what is enforced, and who is there. */
import type { NodeRecord, NodeVerifier, Roll } from "../core/cluster/node-standing.ts";
import type { Actor } from "../core/revocation/store.ts";
import type { Database, Sql } from "./database.ts";
import { checkDurability, readDurability } from "./durability.ts";
import { type Head, readHistory } from "./journal.ts";
import { appendAudit, JOURNAL_LOCK } from "./parts.ts";

/** Woken whenever a node has enforced more than before. */
export const NODES_CHANNEL = "haproxy_jwt_nodes";

/** Who asks for a lease. */
export interface NodeIdentity {
  /** Of this life alone: a restarted node is another one. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly isStrict: boolean;
  readonly startedAtMs: number;
  readonly leaseMs: number;
}

/** What a node says of itself. */
export interface NodeReport {
  readonly epoch: string;
  readonly appliedSeq: number;
  readonly confirmedSeq: number;
  readonly verifiers: readonly NodeVerifier[];
  readonly trustMs: number;
}

/** Granted, or what the node has to catch up with first. */
export type Renewal =
  { readonly isGranted: true } | { readonly isGranted: false; readonly head: Head };

export interface Nodes {
  /**
   * Renews a lease, only where the node has applied the whole journal. It shares the writers' lock:
   * a change is either seen here, or whoever made it sees this lease. Like a change, it is refused
   * where the server does not keep what it confirms: the lease would be unknown to its successor.
   *
   * @param catchUp brings the node to the journal's end while nobody writes, and says where it then is;
   *   undefined where that takes too long
   * @returns whether it was granted
   * @throws AppError unavailable, unknown (not granted, as far as the node knows)
   */
  renew(
    node: NodeIdentity,
    catchUp: (head: Head) => Promise<NodeReport | undefined>,
  ): Promise<boolean>;
  /** Says what is enforced, in between; where the node has no lease, to nobody. @throws AppError */
  report(id: string, report: NodeReport): Promise<void>;
  /** Gives the lease up: the node judges nothing any more. @throws AppError */
  release(id: string): Promise<void>;
  /** Takes a node off the roll by an operator's word, audited with it. @returns whether it was there. @throws AppError */
  forget(id: string, reason: string, actor: Actor, atMs: number): Promise<boolean>;
  /** All nodes, as of one moment. @throws AppError unavailable */
  roll(): Promise<Roll>;
  /** Removes strict nodes that have been fenced for long. @throws AppError */
  tidy(): Promise<void>;
}

const ROLL_PATIENCE_MS = 4000;
/** A fenced node is listed for so long. */
const LISTED_MS = 10 * 60_000;

/** @param isSingle whether the operator declares that there is no standby */
export function createNodes(database: Database, isSingle: boolean): Nodes {
  return {
    renew: (node, catchUp) =>
      database.transaction(async (sql) => {
        await sql`SELECT pg_advisory_xact_lock_shared(${JOURNAL_LOCK})`;
        checkDurability(await readDurability(sql), isSingle);
        const head = await readHistory(sql);
        const report = await catchUp(head);
        if (report?.epoch !== head.epoch || report.appliedSeq !== head.seq) return false;
        await adoptHistory(sql, head.epoch);
        await upsert(sql, node, report);
        await sql`
          UPDATE store
          SET longest_ms = ${node.leaseMs + report.trustMs}::float8
          WHERE longest_ms < ${node.leaseMs + report.trustMs}::float8`;
        return true;
      }),
    report: async (id, { epoch, appliedSeq, confirmedSeq, verifiers }) => {
      await database.transaction(async (sql) => {
        // Lost with its server, it would only be said again.
        await sql`SET LOCAL synchronous_commit TO off`;
        const { count } = await sql`
          UPDATE node
          SET epoch = ${epoch}, applied_seq = ${appliedSeq}::bigint,
            confirmed_seq = ${confirmedSeq}::bigint, verifiers = ${JSON.stringify(verifiers)}::text::jsonb
          WHERE id = ${id}::text::uuid`;
        if (count > 0) await sql`SELECT pg_notify(${NODES_CHANNEL}, '')`;
      });
    },
    release: async (id) => {
      await database.transaction(async (sql) => {
        // With it ends what it would do without a lease.
        await sql`
          UPDATE node
          SET lease_until_ms = least(lease_until_ms, ${nowMs(sql)}), is_strict = true
          WHERE id = ${id}::text::uuid`;
      });
    },
    forget: (id, reason, actor, atMs) =>
      database.transaction(async (sql) => {
        const [gone] = await sql<{ name: string }[]>`
          DELETE FROM node WHERE id::text = ${id} RETURNING name`;
        if (gone === undefined) return false;
        const entry = { action: "node.forget", target: id, reason, outcome: "done" } as const;
        await appendAudit(sql, { ...entry, detail: gone.name }, actor, atMs);
        return true;
      }),
    roll: () =>
      database.readAtOnce(async (sql) => {
        const head = await readHistory(sql);
        const [store] = await sql<{ now_ms: number; quiet_until_ms: number; epoch: string }[]>`
          SELECT ${nowMs(sql)} AS now_ms, quiet_until_ms, epoch FROM store`;
        const nodes = await sql<NodeRow[]>`
          SELECT id::text, name, version, is_strict, started_at_ms, renewed_at_ms, lease_until_ms,
            trust_ms, epoch, applied_seq::float8, confirmed_seq::float8, verifiers
          FROM node
          ORDER BY name, started_at_ms`;
        // Before the first lease of a new history nothing can be said of the former's.
        const isAdopted = store?.epoch === head.epoch;
        return {
          epoch: head.epoch,
          seq: head.seq,
          nowMs: store?.now_ms ?? 0,
          quietUntilMs: isAdopted ? store.quiet_until_ms : Number.POSITIVE_INFINITY,
          nodes: nodes.map(toRecord),
        };
      }, ROLL_PATIENCE_MS),
    tidy: async () => {
      await database.transaction(async (sql) => {
        await sql`
          DELETE FROM node
          WHERE is_strict
            AND lease_until_ms + (trust_ms + lease_until_ms - renewed_at_ms) * 1.01 + ${LISTED_MS}::float8
              < ${nowMs(sql)}`;
      });
    },
  };
}

/** The database's own clock in Unix milliseconds. */
function nowMs(sql: Sql) {
  return sql`(extract(epoch FROM clock_timestamp()) * 1000)::float8`;
}

/**
 * After a failover or a restore: leases were granted by another machine's clock, and some may have
 * been granted that this server does not know of. Each counts from now, at its full length, and
 * nothing is confirmed before the longest of them is over.
 */
async function adoptHistory(sql: Sql, epoch: string): Promise<void> {
  const { count } = await sql`
    UPDATE store
    SET epoch = ${epoch},
      quiet_until_ms = CASE WHEN longest_ms = 0 THEN 0
        ELSE ${nowMs(sql)} + longest_ms * 1.01 + 1000 END
    WHERE epoch <> ${epoch}`;
  if (count === 0) return;
  await sql`
    UPDATE node
    SET renewed_at_ms = ${nowMs(sql)},
      lease_until_ms = ${nowMs(sql)} + greatest(0, lease_until_ms - renewed_at_ms)`;
}

/** What was confirmed stays so in its history: a report that was made since this one is not taken back. */
async function upsert(sql: Sql, node: NodeIdentity, report: NodeReport): Promise<void> {
  const verifiers = JSON.stringify(report.verifiers);
  await sql`
    INSERT INTO node (id, name, version, is_strict, started_at_ms, renewed_at_ms, lease_until_ms,
      trust_ms, epoch, applied_seq, confirmed_seq, verifiers)
    SELECT ${node.id}::text::uuid, ${node.name}, ${node.version}, ${node.isStrict},
      ${node.startedAtMs}::float8, now_ms, now_ms + ${node.leaseMs}::float8,
      ${report.trustMs}::float8, ${report.epoch}, ${report.appliedSeq}::bigint,
      ${report.confirmedSeq}::bigint, ${verifiers}::text::jsonb
    FROM (SELECT ${nowMs(sql)} AS now_ms) AS clock
    ON CONFLICT (id) DO UPDATE
    SET renewed_at_ms = excluded.renewed_at_ms, lease_until_ms = excluded.lease_until_ms,
      trust_ms = greatest(node.trust_ms, excluded.trust_ms), epoch = excluded.epoch,
      applied_seq = excluded.applied_seq,
      confirmed_seq = CASE WHEN node.epoch = excluded.epoch
        THEN greatest(node.confirmed_seq, excluded.confirmed_seq)
        ELSE excluded.confirmed_seq END,
      verifiers = excluded.verifiers`;
}

interface NodeRow {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly is_strict: boolean;
  readonly started_at_ms: number;
  readonly renewed_at_ms: number;
  readonly lease_until_ms: number;
  readonly trust_ms: number;
  readonly epoch: string;
  readonly applied_seq: number;
  readonly confirmed_seq: number;
  readonly verifiers: unknown;
}

function toRecord(row: NodeRow): NodeRecord {
  return {
    id: row.id,
    name: row.name,
    version: row.version,
    isStrict: row.is_strict,
    startedAtMs: row.started_at_ms,
    renewedAtMs: row.renewed_at_ms,
    leaseUntilMs: row.lease_until_ms,
    trustMs: row.trust_ms,
    epoch: row.epoch,
    appliedSeq: row.applied_seq,
    confirmedSeq: row.confirmed_seq,
    verifiers: parseVerifiers(row.verifiers),
  };
}

/** For people to read; what another version wrote otherwise is left out. */
function parseVerifiers(value: unknown): readonly NodeVerifier[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: Partial<NodeVerifier> | null) => {
    const { id, name, seq, isLive, staleSeconds } = one ?? {};
    if (typeof id !== "string" || typeof name !== "string") return [];
    if (typeof seq !== "number" || typeof staleSeconds !== "number") return [];
    return [{ id, name, seq, isLive: isLive === true, staleSeconds }];
  });
}
