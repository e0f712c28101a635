/** Numbers for the digests of shapes (core/revocation/rule-entries.ts): sixteen bytes become three. */
import type { Connection } from "./connection.ts";

/** Digests kept in memory; rules come in runs of a few shapes. */
const KNOWN_LIMIT = 4096;

export interface Shapes {
  /** Inside a transaction of the caller's. */
  idOf(digest: string): number;
  /** The number, if one was ever given. */
  find(digest: string): number | undefined;
}

export function createShapes(connection: Connection): Shapes {
  const { db } = connection;
  const find = db.query<{ id: number }, [Uint8Array]>("SELECT id FROM shape WHERE digest = ?");
  const add = db.query<{ id: number }, [Uint8Array]>(
    "INSERT INTO shape (digest) VALUES (?) RETURNING id",
  );
  const known = new Map<string, number>();
  // A number given in a transaction that was undone will be given to another shape.
  connection.onRollback(() => known.clear());
  return {
    find: (digest) => known.get(digest) ?? find.get(Uint8Array.fromHex(digest))?.id,
    idOf: (digest) => {
      const id = known.get(digest);
      if (id !== undefined) return id;
      const bytes = Uint8Array.fromHex(digest);
      const row = find.get(bytes) ?? add.get(bytes);
      if (row === null) throw new TypeError("a shape got no id");
      if (known.size >= KNOWN_LIMIT) known.clear();
      known.set(digest, row.id);
      return row.id;
    },
  };
}
