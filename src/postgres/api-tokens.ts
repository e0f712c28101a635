/** The table of API tokens: known by the hash of their secret only. */
import { AppError } from "../core/app-error.ts";
import type { AccountStore, ApiToken } from "../core/revocation/accounts.ts";
import { parseRole } from "../core/revocation/stored-words.ts";
import { appendAudit, change, changeAlone, type Parts } from "./parts.ts";

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

export function createApiTokens(parts: Parts): ApiTokens {
  const { database, nowMs } = parts;
  const nowSeconds = () => Math.floor(nowMs() / 1000);

  return {
    createApiToken: async ({ name, role, secretHash }, actor) => {
      const createdAt = nowSeconds();
      const id = await changeAlone(parts, async (sql) => {
        const [taken] = await sql`
          SELECT 1 FROM api_token WHERE name = ${name} AND revoked_at IS NULL`;
        if (taken !== undefined) throw new AppError("conflict", "this name is taken");
        const [row] = await sql<{ id: number }[]>`
          INSERT INTO api_token (name, role, secret_hash, created_at, created_by)
          VALUES (${name}, ${role}, ${secretHash}, ${createdAt}::bigint, ${actor.who})
          RETURNING id::float8`;
        const reason = `role ${role}`;
        await appendAudit(
          sql,
          { action: "token.create", target: name, reason, outcome: "done" },
          actor,
          nowMs(),
        );
        if (row === undefined) throw new TypeError("a token got no id");
        return row.id;
      });
      const createdBy = actor.who;
      return { id, name, role, createdAt, createdBy, revokedAt: undefined, lastUsedAt: undefined };
    },
    findApiToken: async (secretHash) => {
      const [record] = await database.read(
        (sql) => sql<ApiTokenRecord[]>`
          SELECT id::float8, name, role, created_at::float8, created_by, revoked_at::float8,
            last_used_at::float8
          FROM api_token
          WHERE secret_hash = ${secretHash} AND revoked_at IS NULL`,
      );
      if (record === undefined) return undefined;
      const now = nowSeconds();
      if (now - (record.last_used_at ?? 0) >= HOUR_SECONDS) {
        // A database that takes no changes just now must not keep an operator's tools out.
        await change(parts, async (sql) => {
          await sql`UPDATE api_token SET last_used_at = ${now}::bigint WHERE id = ${record.id}::bigint`;
        }).catch(() => undefined);
      }
      return toApiToken(record);
    },
    listApiTokens: async () => {
      const records = await database.read(
        (sql) => sql<ApiTokenRecord[]>`
          SELECT id::float8, name, role, created_at::float8, created_by, revoked_at::float8,
            last_used_at::float8
          FROM api_token
          ORDER BY api_token.id`,
      );
      return records.map(toApiToken);
    },
    revokeApiToken: async (name, actor) => {
      await changeAlone(parts, async (sql) => {
        const [live] = await sql<{ id: number }[]>`
          UPDATE api_token
          SET revoked_at = ${nowSeconds()}::bigint
          WHERE name = ${name} AND revoked_at IS NULL
          RETURNING id::float8`;
        if (live === undefined) {
          const [former] = await sql`SELECT 1 FROM api_token WHERE name = ${name} LIMIT 1`;
          if (former === undefined) throw new AppError("not_found", "there is no such API token");
          throw new AppError("conflict", "this API token is revoked already");
        }
        await appendAudit(
          sql,
          { action: "token.revoke", target: name, reason: undefined, outcome: "done" },
          actor,
          nowMs(),
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
