/** Remembers what a request with an idempotency key has done, so that doing it again does nothing. */
import { AppError } from "../core/app-error.ts";
import type { Once, Written } from "../core/revocation/store.ts";
import type { Connection } from "./connection.ts";

/** How long a key is remembered. */
const KEPT_SECONDS = 86_400;

/** All inside a transaction of the caller's. */
export interface OnceTable {
  /** What the key has done already. @throws AppError conflict when it was for something else */
  find(once: Once | undefined, nowSeconds: number): Written | undefined;
  keep(once: Once | undefined, written: Written, nowSeconds: number): void;
  sweep(nowSeconds: number): void;
}

interface OnceRecord {
  readonly request_hash: string;
  readonly rule_id: number;
  readonly seq: number;
}

export function createOnceTable({ db }: Connection): OnceTable {
  const find = db.query<OnceRecord, [string, string, number]>(
    "SELECT request_hash, rule_id, seq FROM once WHERE who = ? AND key = ? AND at > ?",
  );
  const keep = db.query<unknown, [string, string, string, number, number, number]>(
    `INSERT OR REPLACE INTO once (who, key, request_hash, rule_id, seq, at)
    VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const sweep = db.query<unknown, [number]>("DELETE FROM once WHERE at <= ?");
  return {
    find: (once, nowSeconds) => {
      if (once === undefined) return undefined;
      const record = find.get(once.who, once.key, nowSeconds - KEPT_SECONDS);
      if (record === null) return undefined;
      if (record.request_hash !== once.requestHash) {
        throw new AppError("conflict", "the idempotency key was used for another request");
      }
      return { id: record.rule_id, seq: record.seq, replayed: true };
    },
    keep: (once, { id, seq }, nowSeconds) => {
      if (once !== undefined) {
        keep.run(once.who, once.key, once.requestHash, id, seq, Math.floor(nowSeconds));
      }
    },
    sweep: (nowSeconds) => {
      sweep.run(nowSeconds - KEPT_SECONDS);
    },
  };
}
