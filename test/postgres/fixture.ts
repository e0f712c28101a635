/** What the tests of the store on PostgreSQL share: one server a file, an empty store a test. */
import { afterAll, beforeAll } from "bun:test";
import {
  openPostgresStore,
  type PostgresOptions,
  type PostgresStore,
} from "../../src/postgres/open-store.ts";
import { type Postgres, startPostgres } from "../helpers/postgres.ts";
import { nowMs } from "../sqlite/store-fixture.ts";

export interface Bench {
  readonly server: () => Postgres;
  /** Forgets all that is in the database and opens a store on it; closed after the tests of the file. */
  readonly open: (options?: Partial<PostgresOptions>) => Promise<PostgresStore>;
  /** Another store on what is there, as another node would open it. */
  readonly openAgain: (options?: Partial<PostgresOptions>) => Promise<PostgresStore>;
}

/** Starts a server for the tests of the calling file. */
export function usePostgres(settings: readonly string[] = []): Bench {
  const stack = new AsyncDisposableStack();
  let server: Postgres | undefined;
  const running = (): Postgres => {
    if (server === undefined) throw new TypeError("the server has not been started yet");
    return server;
  };
  beforeAll(async () => {
    server = await startPostgres(stack, { settings });
  });
  afterAll(() => stack.disposeAsync());
  const openAgain: Bench["openAgain"] = async (options = {}) => {
    const store = openPostgresStore({
      endpoints: [running().url],
      isSingle: true,
      nowMs,
      ...options,
    });
    stack.defer(() => store.close());
    await store.prepare();
    return store;
  };
  return {
    server: running,
    openAgain,
    open: async (options) => {
      await running().sql("DROP SCHEMA IF EXISTS haproxy_jwt CASCADE");
      return openAgain(options);
    },
  };
}
