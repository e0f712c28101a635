/** Which claims rules are filed by: noted once, never taken back. */
import type { Connection } from "./connection.ts";

export interface KeyPaths {
  /** Inside a transaction of the caller's, before a rule is filed by them. */
  note(hashes: readonly number[]): void;
}

export function createKeyPaths(connection: Connection): KeyPaths {
  const add = connection.db.query<unknown, [number]>(
    "INSERT OR IGNORE INTO key_path (hash) VALUES (?)",
  );
  const known = new Set<number>();
  // What a transaction that was undone has noted is not noted.
  connection.onRollback(() => known.clear());
  return {
    note: (hashes) => {
      for (const hash of hashes) {
        if (known.has(hash)) continue;
        add.run(hash);
        known.add(hash);
      }
    },
  };
}
