/** Copies a whole store between a SQLite file and the shared PostgreSQL, for the commands that do. */
import { basename, resolve } from "node:path";
import type { Config } from "../config/load.ts";
import { AppError } from "../core/app-error.ts";
import type { Actor } from "../core/revocation/store.ts";
import type { Copied } from "../core/revocation/whole-store.ts";
import { openPostgresStore, type PostgresStore } from "../postgres/open-store.ts";
import { wholeStoreOf } from "../postgres/whole-store.ts";
import { openWholeStore } from "../sqlite/whole-store.ts";
import { writeWholeStore } from "../sqlite/write-whole.ts";

/** Millions of rows are one transaction. */
const COPY_PATIENCE_MS = 3_600_000;
const COMMIT_PATIENCE_MS = 60_000;

/**
 * Copies what `backup` wrote into the shared store, which has to be empty.
 *
 * @throws AppError not_found, invalid, conflict, config, unavailable (nothing was copied), unknown
 */
export async function importStore(config: Config, file: string, actor: Actor): Promise<Copied> {
  const source = await openWholeStore(resolve(file));
  try {
    return await withShared(config, (shared) =>
      shared.writeWhole(source.whole, basename(file), actor),
    );
  } finally {
    source.close();
  }
}

/**
 * Copies the shared store as of one moment into a new file, which `restore` takes.
 *
 * @throws AppError usage (the file is there), config, unavailable; there is then no file
 */
export async function exportStore(config: Config, file: string, nowMs: number): Promise<Copied> {
  return withShared(config, ({ database }) =>
    database.readAtOnce((sql) => writeWholeStore(resolve(file), wholeStoreOf(sql), nowMs)),
  );
}

async function withShared(
  config: Config,
  work: (shared: PostgresStore) => Promise<Copied>,
): Promise<Copied> {
  const { store, storeSingle } = config.settings;
  if (store.kind === "sqlite") {
    throw new AppError("usage", "JWT_STORE names no PostgreSQL: set it to the one that is meant");
  }
  const options = {
    endpoints: store.endpoints,
    isSingle: storeSingle,
    nowMs: () => Date.now(),
  };
  // One that is not there is found out in seconds, not after as long as a copy may take.
  const first = openPostgresStore(options);
  try {
    await first.prepare();
  } finally {
    await first.close();
  }
  const shared = openPostgresStore({
    ...options,
    patienceMs: COPY_PATIENCE_MS,
    commitPatienceMs: COMMIT_PATIENCE_MS,
  });
  try {
    return await work(shared);
  } finally {
    await shared.close();
  }
}
