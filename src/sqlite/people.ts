/** The table of people who may log in. */
import { AppError } from "../core/app-error.ts";
import type { AccountStore, Person } from "../core/revocation/accounts.ts";
import { parseRole } from "../core/revocation/stored-words.ts";
import type { Actor } from "../core/revocation/store.ts";
import type { Parts } from "./parts.ts";

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
  const { connection, audit } = parts;
  const { db } = connection;
  const find = db.query<PersonRecord, [string]>(
    `SELECT name, role, password_hash, created_at, password_changed_at
    FROM person
    WHERE name = ?`,
  );
  const list = db.query<PersonRecord, []>(
    `SELECT name, role, password_hash, created_at, password_changed_at
    FROM person
    ORDER BY name`,
  );
  const insert = db.query<unknown, [string, string, string, number, number]>(
    `INSERT INTO person (name, role, password_hash, created_at, password_changed_at)
    VALUES (?, ?, ?, ?, ?)`,
  );
  const setPassword = db.query<unknown, [string, number, string]>(
    "UPDATE person SET password_hash = ?, password_changed_at = ? WHERE name = ?",
  );
  const setRole = db.query<unknown, [string, string]>("UPDATE person SET role = ? WHERE name = ?");
  const remove = db.query<unknown, [string]>("DELETE FROM person WHERE name = ?");
  const endSessions = db.query<unknown, [string]>("DELETE FROM session WHERE person = ?");
  const otherAdmins = db.query<{ count: number }, [string]>(
    "SELECT count(*) AS count FROM person WHERE role = 'admin' AND name <> ?",
  );

  const nowSeconds = () => Math.floor(parts.nowMs() / 1000);
  const note = (action: string, target: string, reason: string | undefined, actor: Actor) =>
    audit.append({ action, target, reason, outcome: "done" }, actor, parts.nowMs());
  const demand = (name: string): PersonRecord => {
    const person = find.get(name);
    if (person === null) throw new AppError("not_found", "there is no such person");
    return person;
  };
  /** Without an admin nobody could make one again but from the command line. */
  const keepAnAdmin = (person: PersonRecord): void => {
    if (person.role === "admin" && otherAdmins.get(person.name)?.count === 0) {
      throw new AppError("conflict", "this is the last admin");
    }
  };

  return {
    createPerson: async ({ name, role, passwordHash }, actor) => {
      await connection.write(() => {
        if (find.get(name) !== null) throw new AppError("conflict", "this name is taken");
        insert.run(name, role, passwordHash, nowSeconds(), nowSeconds());
        note("person.create", name, `role ${role}`, actor);
      });
    },
    findPerson: async (name) => {
      const record = connection.read(() => find.get(name));
      return record === null ? undefined : toPerson(record);
    },
    listPeople: async () => connection.read(() => list.all().map(toPerson)),
    setPassword: async (name, passwordHash, actor) => {
      await connection.write(() => {
        demand(name);
        setPassword.run(passwordHash, nowSeconds(), name);
        endSessions.run(name);
        note("person.password", name, undefined, actor);
      });
    },
    setRole: async (name, role, actor) => {
      await connection.write(() => {
        const person = demand(name);
        if (role !== "admin") keepAnAdmin(person);
        setRole.run(role, name);
        note("person.role", name, `role ${role}`, actor);
      });
    },
    removePerson: async (name, actor) => {
      await connection.write(() => {
        keepAnAdmin(demand(name));
        endSessions.run(name);
        remove.run(name);
        note("person.remove", name, undefined, actor);
      });
    },
  };
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
