/** Files every rule anew when this version files rules differently from the one that wrote them. */
import { AppError } from "../core/app-error.ts";
import { parseRule } from "../core/revocation/parse-rule.ts";
import { ENTRY_VERSION, ruleEntries } from "../core/revocation/rule-entries.ts";
import type { Connection } from "./connection.ts";
import type { RuleTable } from "./rule-table.ts";

const CHUNK = 500;
const NAME = "entry_version";

interface FiledRule {
  readonly id: number;
  readonly subject_id: number;
  readonly issuer: string | null;
  readonly text: string;
  readonly expire_at: number;
  readonly import_id: number;
}

/** Before anything is judged. Begun anew when it was interrupted. @throws AppError unavailable */
export async function reindexIfNeeded(
  connection: Connection,
  table: RuleTable,
  pause: () => Promise<void>,
): Promise<void> {
  const { db } = connection;
  const version = db.query<{ value: string }, [string]>("SELECT value FROM setting WHERE name = ?");
  const current = String(ENTRY_VERSION);
  if (connection.read(() => version.get(NAME)?.value) === current) return;

  const rules = db.query<FiledRule, [number, number]>(
    `SELECT id, subject_id, issuer, text, expire_at, import_id
    FROM rule
    WHERE id > ? AND state = 0 AND subject_id IS NOT NULL
    ORDER BY id
    LIMIT ?`,
  );
  await connection.write(() => {
    db.run("DELETE FROM rule_key");
    db.run("DELETE FROM rule_ladder");
  });
  for (let after = 0; ;) {
    const from = after;
    const chunk = await connection.write(() => {
      const chunk = rules.all(from, CHUNK);
      for (const rule of chunk) fileAnew(table, rule);
      return chunk;
    });
    after = chunk.at(-1)?.id ?? after;
    if (chunk.length < CHUNK) break;
    await pause();
  }
  const done = db.query<unknown, [string, string]>(
    "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)",
  );
  await connection.write(() => done.run(NAME, current));
}

/** What cannot be read stays unfiled: such a rule refuses its whole subject, found or not. */
function fileAnew(table: RuleTable, rule: FiledRule): void {
  try {
    const { condition } = parseRule(rule.text);
    const entries = ruleEntries(condition, rule.issuer ?? undefined);
    const { id: ruleId, subject_id: subjectId, expire_at: expireAt, import_id: importId } = rule;
    table.filing.file({ subjectId, ruleId, expireAt, importId }, entries);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}
