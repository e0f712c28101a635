/** The tables of sessions and of attempts to get one: a person is logged in on every node. */
import type { AccountStore, Session } from "../core/revocation/accounts.ts";
import { parseRole } from "../core/revocation/stored-words.ts";
import { appendAudit, change, type Parts } from "./parts.ts";

type Sessions = Pick<
  AccountStore,
  | "createSession"
  | "findSession"
  | "endSession"
  | "listSessions"
  | "endSessions"
  | "countAttempt"
  | "takeBackAttempt"
  | "forgetAttempts"
>;

interface SessionRecord {
  readonly id: number;
  readonly person: string;
  readonly role: string;
  readonly created_at: number;
  readonly last_seen_at: number;
  readonly origin: string;
}

const MINUTE_SECONDS = 60;
/** As far as clocks of nodes may run apart; what was noted further ahead of now does not count. */
const MAX_AHEAD_SECONDS = 60;

export function createSessions(parts: Parts): Sessions {
  const { database, nowMs } = parts;
  const nowSeconds = () => Math.floor(nowMs() / 1000);
  const isLive = (
    record: SessionRecord,
    limits: { readonly idleSeconds: number; readonly absoluteSeconds: number },
  ): boolean =>
    isWithin(nowSeconds() - record.last_seen_at, limits.idleSeconds) &&
    isWithin(nowSeconds() - record.created_at, limits.absoluteSeconds);

  return {
    createSession: async (idHash, person, actor) => {
      await change(parts, async (sql) => {
        const now = nowSeconds();
        await sql`
          INSERT INTO session (id_hash, person, created_at, last_seen_at, origin)
          VALUES (${idHash}, ${person}, ${now}::bigint, ${now}::bigint, ${actor.from})`;
        await appendAudit(
          sql,
          { action: "session.create", target: person, reason: undefined, outcome: "done" },
          actor,
          nowMs(),
        );
      });
    },
    findSession: async (idHash, limits) => {
      const [record] = await database.read(
        (sql) => sql<SessionRecord[]>`
          SELECT session.id::float8, person, role, session.created_at::float8,
            last_seen_at::float8, origin
          FROM session
          JOIN person ON person.name = session.person
          WHERE id_hash = ${idHash}`,
      );
      if (record === undefined) return undefined;
      if (!isLive(record, limits)) {
        // For good: a clock that is set back must not bring it back.
        await change(parts, async (sql) => {
          await sql`DELETE FROM session WHERE id = ${record.id}::bigint`;
        }).catch(() => undefined);
        return undefined;
      }
      const now = nowSeconds();
      if (now - record.last_seen_at >= MINUTE_SECONDS) {
        // Not noted, the session ends sooner: the safe side.
        await change(parts, async (sql) => {
          await sql`UPDATE session SET last_seen_at = ${now}::bigint WHERE id = ${record.id}::bigint`;
        }).catch(() => undefined);
      }
      return toSession(record);
    },
    endSession: async (idHash, actor) => {
      await change(parts, async (sql) => {
        const [ended] = await sql<{ person: string }[]>`
          DELETE FROM session WHERE id_hash = ${idHash} RETURNING person`;
        if (ended === undefined) return;
        await appendAudit(
          sql,
          { action: "session.end", target: ended.person, reason: undefined, outcome: "done" },
          actor,
          nowMs(),
        );
      });
    },
    listSessions: async (person, limits) => {
      const records = await database.read(
        (sql) => sql<SessionRecord[]>`
          SELECT session.id::float8, person, role, session.created_at::float8,
            last_seen_at::float8, origin
          FROM session
          JOIN person ON person.name = session.person
          WHERE person = ${person}
          ORDER BY session.id DESC`,
      );
      return records.filter((record) => isLive(record, limits)).map(toSession);
    },
    endSessions: async (person, actor) => {
      await change(parts, async (sql) => {
        await sql`DELETE FROM session WHERE person = ${person}`;
        await appendAudit(
          sql,
          { action: "session.end_all", target: person, reason: undefined, outcome: "done" },
          actor,
          nowMs(),
        );
      });
    },
    countAttempt: async (key, windowSeconds) =>
      change(parts, async (sql) => {
        const now = nowMs();
        // One after the other, else a burst on several nodes would see itself as a few.
        await sql`SELECT pg_advisory_xact_lock(hashtext(${key}), 1)`;
        // Those from the future would count until it has come, and lock everybody out meanwhile.
        await sql`
          DELETE FROM attempt
          WHERE key = ${key}
            AND (at_ms <= ${now - windowSeconds * 1000}::float8
              OR at_ms > ${now + MAX_AHEAD_SECONDS * 1000}::float8)`;
        await sql`INSERT INTO attempt (key, at_ms) VALUES (${key}, ${now}::float8)`;
        const [row] = await sql<{ count: number }[]>`
          SELECT count(*)::float8 AS count FROM attempt
          WHERE key = ${key}`;
        return row?.count ?? 0;
      }),
    takeBackAttempt: async (key) => {
      await change(parts, async (sql) => {
        await sql`
          DELETE FROM attempt
          WHERE id = (
            SELECT id
            FROM attempt
            WHERE key = ${key}
            ORDER BY at_ms DESC, id DESC
            LIMIT 1
          )`;
      });
    },
    forgetAttempts: async (key) => {
      await change(parts, async (sql) => {
        await sql`DELETE FROM attempt
          WHERE key = ${key}`;
      });
    },
  };
}

function isWithin(age: number, limitSeconds: number): boolean {
  return age < limitSeconds && age >= -MAX_AHEAD_SECONDS;
}

function toSession(record: SessionRecord): Session {
  return {
    id: record.id,
    person: record.person,
    role: parseRole(record.role),
    createdAt: record.created_at,
    lastSeenAt: record.last_seen_at,
    from: record.origin,
  };
}
