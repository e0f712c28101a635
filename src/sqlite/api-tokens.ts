/** The table of API tokens: known by the hash of their secret only. */
import { AppError } from "../core/app-error.ts";
import type { AccountStore, ApiToken } from "../core/revocation/accounts.ts";
import { parseRole } from "../core/revocation/stored-words.ts";
import type { Parts } from "./parts.ts";

type ApiTokens = Pick<
  AccountStore,
  "createApiToken" | "findApiToken" | "listApiTokens" | "revokeApiToken"
>;

interface ApiTokenRecord {
  readonly id: number;
  readonly name: string;
  readonly role: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly revoked_at: number | null;
  readonly last_used_at: number | null;
}

const HOUR_SECONDS = 3600;

const COLUMNS = `
  SELECT id, name, role, created_at, created_by, revoked_at, last_used_at
  FROM api_token`;

export function createApiTokens(parts: Parts): ApiTokens {
  const { connection, audit } = parts;
  const { db } = connection;
  const insert = db.query<{ id: number }, [string, string, string, number, string]>(
    `INSERT INTO api_token (name, role, secret_hash, created_at, created_by)
    VALUES (?, ?, ?, ?, ?)
    RETURNING id`,
  );
  const find = db.query<ApiTokenRecord, [string]>(
    `${COLUMNS} WHERE secret_hash = ? AND revoked_at IS NULL`,
  );
  const findLive = db.query<ApiTokenRecord, [string]>(
    `${COLUMNS} WHERE name = ? AND revoked_at IS NULL`,
  );
  const findAny = db.query<ApiTokenRecord, [string]>(`${COLUMNS} WHERE name = ?`);
  const list = db.query<ApiTokenRecord, []>(`${COLUMNS} ORDER BY id`);
  const revoke = db.query<unknown, [number, number]>(
    "UPDATE api_token SET revoked_at = ? WHERE id = ?",
  );
  const use = db.query<unknown, [number, number]>(
    "UPDATE api_token SET last_used_at = ? WHERE id = ?",
  );
  const nowSeconds = () => Math.floor(parts.nowMs() / 1000);

  return {
    createApiToken: async ({ name, role, secretHash }, actor) => {
      const createdAt = nowSeconds();
      const id = await connection.write(() => {
        if (findLive.get(name) !== null) throw new AppError("conflict", "this name is taken");
        const row = insert.get(name, role, secretHash, createdAt, actor.who);
        const reason = `role ${role}`;
        audit.append(
          { action: "token.create", target: name, reason, outcome: "done" },
          actor,
          parts.nowMs(),
        );
        if (row === null) throw new TypeError("a token got no id");
        return row.id;
      });
      const createdBy = actor.who;
      return { id, name, role, createdAt, createdBy, revokedAt: undefined, lastUsedAt: undefined };
    },
    findApiToken: async (secretHash) => {
      const record = connection.read(() => find.get(secretHash));
      if (record === null) return undefined;
      const now = nowSeconds();
      if (now - (record.last_used_at ?? 0) >= HOUR_SECONDS) {
        // A full disk must not keep an operator's tools out.
        await connection.write(() => use.run(now, record.id)).catch(() => undefined);
      }
      return toApiToken(record);
    },
    listApiTokens: async () => connection.read(() => list.all().map(toApiToken)),
    revokeApiToken: async (name, actor) => {
      await connection.write(() => {
        const live = findLive.get(name);
        if (live === null) {
          if (findAny.get(name) === null)
            throw new AppError("not_found", "there is no such API token");
          throw new AppError("conflict", "this API token is revoked already");
        }
        revoke.run(nowSeconds(), live.id);
        audit.append(
          { action: "token.revoke", target: name, reason: undefined, outcome: "done" },
          actor,
          parts.nowMs(),
        );
      });
    },
  };
}

function toApiToken(record: ApiTokenRecord): ApiToken {
  return {
    id: record.id,
    name: record.name,
    role: parseRole(record.role),
    createdAt: record.created_at,
    createdBy: record.created_by,
    revokedAt: record.revoked_at ?? undefined,
    lastUsedAt: record.last_used_at ?? undefined,
  };
}
