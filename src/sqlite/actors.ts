/** Who did something, kept once and referred to by number. */
import type { Actor } from "../core/revocation/store.ts";
import type { Connection } from "./connection.ts";

export interface Actors {
  /** The actor's number; inside a transaction of the caller's. */
  idOf(actor: Actor): number;
}

export function createActors({ db }: Connection): Actors {
  const find = db.query<{ id: number }, [string, string, string]>(
    "SELECT id FROM actor WHERE who = ? AND via = ? AND origin = ?",
  );
  const add = db.query<{ id: number }, [string, string, string]>(
    "INSERT INTO actor (who, via, origin) VALUES (?, ?, ?) RETURNING id",
  );
  return {
    idOf: ({ who, via, from }) => {
      const row = find.get(who, via, from) ?? add.get(who, via, from);
      if (row === null) throw new TypeError("an actor got no id");
      return row.id;
    },
  };
}
