/** The table of people who may log in. */
import { AppError } from "../core/app-error.ts";
import type { AccountStore, Person } from "../core/revocation/accounts.ts";
import { parseRole } from "../core/revocation/stored-words.ts";
import type { Actor } from "../core/revocation/store.ts";
import type { Sql } from "./database.ts";
import { appendAudit, changeAlone, type Parts } from "./parts.ts";

type People = Pick<
  AccountStore,
  "createPerson" | "findPerson" | "listPeople" | "setPassword" | "setRole" | "removePerson"
>;

interface PersonRecord {
  readonly name: string;
  readonly role: string;
  readonly password_hash: string;
  readonly created_at: number;
  readonly password_changed_at: number;
}

export function createPeople(parts: Parts): People {
  const { database, nowMs } = parts;
  const nowSeconds = () => Math.floor(nowMs() / 1000);
  const note = (sql: Sql, action: string, target: string, reason: string | undefined, by: Actor) =>
    appendAudit(sql, { action, target, reason, outcome: "done" }, by, nowMs());

  return {
    createPerson: async ({ name, role, passwordHash }, actor) => {
      await changeAlone(parts, async (sql) => {
        if ((await find(sql, name)) !== undefined) {
          throw new AppError("conflict", "this name is taken");
        }
        const now = nowSeconds();
        await sql`
          INSERT INTO person (name, role, password_hash, created_at, password_changed_at)
          VALUES (${name}, ${role}, ${passwordHash}, ${now}::bigint, ${now}::bigint)`;
        await note(sql, "person.create", name, `role ${role}`, actor);
      });
    },
    findPerson: async (name) => {
      const record = await database.read((sql) => find(sql, name));
      return record === undefined ? undefined : toPerson(record);
    },
    listPeople: async () => {
      const records = await database.read(
        (sql) => sql<PersonRecord[]>`
          SELECT name, role, password_hash, created_at::float8, password_changed_at::float8
          FROM person
          ORDER BY name COLLATE "C"`,
      );
      return records.map(toPerson);
    },
    setPassword: async (name, passwordHash, actor) => {
      await changeAlone(parts, async (sql) => {
        await demand(sql, name);
        await sql`
          UPDATE person
          SET password_hash = ${passwordHash}, password_changed_at = ${nowSeconds()}::bigint
          WHERE name = ${name}`;
        await sql`DELETE FROM session WHERE person = ${name}`;
        await note(sql, "person.password", name, undefined, actor);
      });
    },
    setRole: async (name, role, actor) => {
      await changeAlone(parts, async (sql) => {
        const person = await demand(sql, name);
        if (role !== "admin") await keepAnAdmin(sql, person);
        await sql`UPDATE person SET role = ${role} WHERE name = ${name}`;
        await note(sql, "person.role", name, `role ${role}`, actor);
      });
    },
    removePerson: async (name, actor) => {
      await changeAlone(parts, async (sql) => {
        await keepAnAdmin(sql, await demand(sql, name));
        // Their sessions go with them.
        await sql`DELETE FROM person WHERE name = ${name}`;
        await note(sql, "person.remove", name, undefined, actor);
      });
    },
  };
}

async function demand(sql: Sql, name: string): Promise<PersonRecord> {
  const person = await find(sql, name);
  if (person === undefined) throw new AppError("not_found", "there is no such person");
  return person;
}

async function find(sql: Sql, name: string): Promise<PersonRecord | undefined> {
  const [record] = await sql<PersonRecord[]>`
    SELECT name, role, password_hash, created_at::float8, password_changed_at::float8
    FROM person
    WHERE name = ${name}`;
  return record;
}

/** Without an admin nobody could make one again but from the command line. */
async function keepAnAdmin(sql: Sql, person: PersonRecord): Promise<void> {
  if (person.role !== "admin") return;
  const [other] = await sql`
    SELECT 1 FROM person WHERE role = 'admin' AND name <> ${person.name} LIMIT 1`;
  if (other === undefined) throw new AppError("conflict", "this is the last admin");
}

function toPerson(record: PersonRecord): Person {
  return {
    name: record.name,
    role: parseRole(record.role),
    passwordHash: record.password_hash,
    createdAt: record.created_at,
    passwordChangedAt: record.password_changed_at,
  };
}
