/**
 * Reads every rule once in a while, so that a damaged one is known before a token meets it: such a
 * rule refuses its whole subject, and a global one keeps the server from being ready.
 */
import { AppError } from "../core/app-error.ts";
import { parseRule } from "../core/revocation/parse-rule.ts";
import { createPatternCache } from "../core/revocation/pattern.ts";
import { RULE_FORMAT } from "../core/revocation/rule.ts";
import { ruleEntries } from "../core/revocation/rule-entries.ts";
import type { Parts } from "./parts.ts";

/** Rules read at a time: a millisecond or two. */
const SLICE = 25;
/** After each it rests for so many times as long as it took: a thirtieth of one core, whatever rules cost. */
const REST_SHARE = 29;

const DAMAGED = 0;

export interface Scrubbed {
  readonly read: number;
  /** Rules found damaged in this round, by id. */
  readonly damaged: readonly number[];
  /** Rules that were not found under their keys, and are again. */
  readonly refiled: readonly number[];
}

interface ScrubRecord {
  readonly id: number;
  readonly subject_id: number | null;
  readonly subject: string | null;
  readonly issuer: string | null;
  readonly text: string;
  readonly expire_at: number;
  readonly import_id: number;
}

/**
 * Goes through all rules in force; takes an hour or two for millions.
 * @param signal ends the round early
 * @throws AppError unavailable
 */
export async function scrub(parts: Parts, signal?: AbortSignal): Promise<Scrubbed> {
  const { connection } = parts;
  const slice = connection.db.query<ScrubRecord, [number, number]>(
    `SELECT rule.id, rule.subject_id, subject.name AS subject, rule.issuer, rule.text,
      rule.expire_at, rule.import_id
    FROM rule
    LEFT JOIN subject ON subject.id = rule.subject_id
    WHERE rule.id > ? AND rule.state = 0 AND rule.format = ${RULE_FORMAT}
    ORDER BY rule.id
    LIMIT ?`,
  );
  const compile = createPatternCache(64);
  const damaged: number[] = [];
  const refiled: number[] = [];
  let read = 0;
  for (let after = 0; ;) {
    if (signal?.aborted === true) break;
    const from = after;
    const startedAt = performance.now();
    const records = connection.read(() => slice.all(from, SLICE));
    for (const record of records) {
      const entries = entriesOf(record, compile);
      if (entries === undefined) {
        await markDamaged(parts, record);
        damaged.push(record.id);
      } else if (record.subject_id !== null && !isFiled(parts, record, entries)) {
        await refile(parts, record, entries);
        refiled.push(record.id);
      }
    }
    read += records.length;
    after = records.at(-1)?.id ?? after;
    if (records.length < SLICE) break;
    await Bun.sleep((performance.now() - startedAt) * REST_SHARE);
  }
  return { read, damaged, refiled };
}

type Entries = ReturnType<typeof ruleEntries>;

function entriesOf(
  { text, issuer }: ScrubRecord,
  compile: ReturnType<typeof createPatternCache>,
): Entries | undefined {
  try {
    return ruleEntries(parseRule(text, compile).condition, issuer ?? undefined);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

function isFiled({ connection, table }: Parts, record: ScrubRecord, entries: Entries): boolean {
  return connection.read(() => table.filing.isFiled(record.subject_id ?? 0, record.id, entries));
}

async function refile(parts: Parts, record: ScrubRecord, entries: Entries): Promise<void> {
  const { id: ruleId, subject_id: subjectId, expire_at: expireAt, import_id: importId } = record;
  if (subjectId === null) return;
  await change(parts, record, "rule.refile", () => {
    // It may have been lifted since it was read.
    if (parts.table.find(ruleId)?.state !== 0) return false;
    parts.table.filing.unfile(subjectId, ruleId, entries);
    parts.table.filing.file({ subjectId, ruleId, expireAt, importId }, entries);
    return true;
  });
}

async function markDamaged(parts: Parts, record: ScrubRecord): Promise<void> {
  const mark = parts.connection.db.query<unknown, [number, number]>(
    "UPDATE rule SET format = ? WHERE id = ? AND state = 0",
  );
  await change(parts, record, "rule.damaged", () => mark.run(DAMAGED, record.id).changes > 0);
}

/** Changes what is judged by, so it travels the journal and is audited like any change. */
async function change(
  parts: Parts,
  { id, subject }: ScrubRecord,
  action: string,
  work: () => boolean,
): Promise<void> {
  const { audit, changes, connection, journalWriter, nowMs } = parts;
  await connection.write(() => {
    if (!work()) return;
    const atMs = nowMs();
    const scope = subject === null ? "global" : "subject";
    journalWriter.append({
      atMs,
      kind: "rule_added",
      scope,
      subject: subject ?? undefined,
      ruleId: id,
    });
    audit.append(
      { action, target: String(id), reason: "found by the store's own check", outcome: "done" },
      { who: "server", via: "server", from: "local" },
      atMs,
    );
  });
  await changes.publish();
}
