/** The tables of sessions and of attempts to get one. */
import type { AccountStore, Session } from "../core/revocation/accounts.ts";
import { parseRole } from "../core/revocation/stored-words.ts";
import type { Parts } from "./parts.ts";

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

/** What lies further ahead was noted under a clock that has been set back since. */
const MAX_AHEAD_SECONDS = 60;

const COLUMNS = `
  SELECT session.id, person, role, session.created_at, last_seen_at, origin
  FROM session
  JOIN person ON person.name = session.person`;

export function createSessions(parts: Parts): Sessions {
  const { connection, audit } = parts;
  const { db } = connection;
  const insert = db.query<unknown, [string, string, number, number, string]>(
    `INSERT INTO session (id_hash, person, created_at, last_seen_at, origin)
    VALUES (?, ?, ?, ?, ?)`,
  );
  const find = db.query<SessionRecord, [string]>(`${COLUMNS} WHERE id_hash = ?`);
  const list = db.query<SessionRecord, [string]>(
    `${COLUMNS} WHERE person = ? ORDER BY session.id DESC`,
  );
  const see = db.query<unknown, [number, number]>(
    "UPDATE session SET last_seen_at = ? WHERE id = ?",
  );
  const end = db.query<unknown, [number]>("DELETE FROM session WHERE id = ?");
  const endAll = db.query<unknown, [string]>("DELETE FROM session WHERE person = ?");
  const attempt = db.query<unknown, [string, number, number]>(
    "INSERT INTO attempt (key, at_ms, nonce) VALUES (?, ?, ?)",
  );
  const forgetOther = db.query<unknown, [string, number, number]>(
    "DELETE FROM attempt WHERE key = ? AND (at_ms <= ? OR at_ms > ?)",
  );
  const countAttempts = db.query<{ count: number }, [string]>(
    "SELECT count(*) AS count FROM attempt WHERE key = ?",
  );
  const takeBack = db.query<unknown, [string, string]>(
    `DELETE FROM attempt
    WHERE key = ?
      AND (at_ms, nonce) = (
        SELECT at_ms, nonce
        FROM attempt
        WHERE key = ?
        ORDER BY at_ms DESC, nonce DESC
        LIMIT 1
      )`,
  );
  const forget = db.query<unknown, [string]>("DELETE FROM attempt WHERE key = ?");

  const nowSeconds = () => Math.floor(parts.nowMs() / 1000);
  const isLive = (
    record: SessionRecord,
    limits: { readonly idleSeconds: number; readonly absoluteSeconds: number },
  ): boolean =>
    isWithin(nowSeconds() - record.last_seen_at, limits.idleSeconds) &&
    isWithin(nowSeconds() - record.created_at, limits.absoluteSeconds);

  return {
    createSession: async (idHash, person, actor) => {
      await connection.write(() => {
        insert.run(idHash, person, nowSeconds(), nowSeconds(), actor.from);
        audit.append(
          { action: "session.create", target: person, reason: undefined, outcome: "done" },
          actor,
          parts.nowMs(),
        );
      });
    },
    findSession: async (idHash, limits) => {
      const record = connection.read(() => find.get(idHash));
      if (record === null) return undefined;
      if (!isLive(record, limits)) {
        // For good: a clock that is set back must not bring it back.
        await connection.write(() => end.run(record.id)).catch(() => undefined);
        return undefined;
      }
      const now = nowSeconds();
      if (now - record.last_seen_at >= MINUTE_SECONDS) {
        // Not noted, the session ends sooner: the safe side.
        await connection.write(() => see.run(now, record.id)).catch(() => undefined);
      }
      return toSession(record);
    },
    endSession: async (idHash, actor) => {
      await connection.write(() => {
        const record = find.get(idHash);
        if (record === null) return;
        end.run(record.id);
        audit.append(
          { action: "session.end", target: record.person, reason: undefined, outcome: "done" },
          actor,
          parts.nowMs(),
        );
      });
    },
    listSessions: async (person, limits) =>
      connection.read(() =>
        list
          .all(person)
          .filter((record) => isLive(record, limits))
          .map(toSession),
      ),
    endSessions: async (person, actor) => {
      await connection.write(() => {
        endAll.run(person);
        audit.append(
          { action: "session.end_all", target: person, reason: undefined, outcome: "done" },
          actor,
          parts.nowMs(),
        );
      });
    },
    countAttempt: async (key, windowSeconds) =>
      connection.write(() => {
        const now = parts.nowMs();
        // Those from the future would count until it has come, and lock everybody out meanwhile.
        forgetOther.run(key, now - windowSeconds * 1000, now + MAX_AHEAD_SECONDS * 1000);
        attempt.run(key, now, Math.floor(Math.random() * Number.MAX_SAFE_INTEGER));
        return countAttempts.get(key)?.count ?? 0;
      }),
    takeBackAttempt: async (key) => {
      await connection.write(() => takeBack.run(key, key));
    },
    forgetAttempts: async (key) => {
      await connection.write(() => forget.run(key));
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
