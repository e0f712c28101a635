/** Opens the shared store on PostgreSQL: reachable, durable by its own word, migrated. */
import type { AccountStore } from "../core/revocation/accounts.ts";
import { AppError } from "../core/app-error.ts";
import type { Actor } from "../core/revocation/store.ts";
import type { Copied, WholeStore } from "../core/revocation/whole-store.ts";
import { createAccountStore } from "./account-store.ts";
import { createDatabase, type Database } from "./database.ts";
import { durabilityProblems, readDurability } from "./durability.ts";
import { migrate } from "./migrate.ts";
import type { Parts } from "./parts.ts";
import { createRuleStore, type PostgresRules } from "./rule-store.ts";
import { tidy } from "./tidy.ts";
import { writeWholeStore } from "./write-whole.ts";

export interface PostgresOptions {
  /** A `postgres://` URL for each of its servers, of which one is the primary. */
  readonly endpoints: readonly string[];
  /** Whether the operator declares that there is no synchronous standby. */
  readonly isSingle: boolean;
  readonly nowMs: () => number;
  /** Awaited after each change of the journal by this process, before it is answered. */
  readonly onWritten?: (seq: number) => Promise<void>;
  /** How long work may take, and the answer to COMMIT; for tests that do not wait. */
  readonly patienceMs?: number;
  readonly commitPatienceMs?: number;
}

export interface PostgresStore {
  readonly rules: PostgresRules;
  readonly accounts: AccountStore;
  readonly database: Database;
  /** Fills it while it is empty. @throws AppError conflict, invalid, unavailable, unknown */
  writeWhole(whole: WholeStore, name: string, actor: Actor): Promise<Copied>;
  /**
   * Looks whether the database keeps what it confirms, and brings it to this version's schema.
   *
   * @throws AppError config (it does not, or is of a newer version: every problem at once), unavailable
   */
  prepare(): Promise<void>;
  /** Clears away ended rules and old history, in small pieces; to be called every minute or so. */
  tidy(earliestNowMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Nothing is connected before the first use; `prepare` comes before everything else. */
export function openPostgresStore(options: PostgresOptions): PostgresStore {
  const { isSingle, nowMs } = options;
  const database = createDatabase(options);
  const onWritten = options.onWritten ?? (() => Promise.resolve());
  const parts: Parts = { database, isSingle, nowMs, onWritten };
  return {
    rules: createRuleStore(parts),
    accounts: createAccountStore(parts),
    database,
    writeWhole: (whole, name, actor) => writeWholeStore(parts, whole, name, actor),
    prepare: async () => {
      const problems = durabilityProblems(await database.read(readDurability), isSingle);
      if (problems.length > 0) throw new AppError("config", problems.join("\n"));
      await migrate(database);
    },
    tidy: (earliestNowMs) => tidy(parts, earliestNowMs),
    close: () => database.close(),
  };
}
