/** What a node keeps for itself alone: its folder's lock, its replicas, and what it has granted and judged by. */
import { join } from "node:path";
import { AppError } from "../../core/app-error.ts";
import type { AccountStore } from "../../core/revocation/accounts.ts";
import { openConnection } from "../connection.ts";
import { DATABASE_FILE, NODE_FILE, prepareFolder } from "../data-folder.ts";
import { lockFolder } from "../folder-lock.ts";
import { raiseGrowing, readGrowing } from "../growing.ts";
import { migrate } from "../migrate.ts";
import { runOffThread } from "../off-thread.ts";
import { createSettings } from "../settings.ts";
import { buildReplica, type Snapshot } from "./build.ts";
import { findReplica, removeOthers } from "./files.ts";
import { openReplica, type Replica } from "./replica.ts";

export type NodeSettings = Pick<
  AccountStore,
  "getSetting" | "setSetting" | "raiseSetting" | "takeSetting"
>;

export interface NodeStore {
  readonly settings: NodeSettings;
  /** The replica of a former run; undefined where there is none, or it is damaged. */
  openReplica(): Promise<Replica | undefined>;
  /** Builds another one, to take the place of the one in use. @throws AppError unavailable */
  buildReplica(snapshot: Snapshot): Promise<Replica>;
  /** Removes all replicas but this one. */
  removeOthers(kept: Replica): void;
  /** SQLite's own check of a replica: problems in its words. */
  check(replica: Replica): Promise<readonly string[]>;
  close(): void;
}

/** Takes the folder for this process. @throws AppError conflict when another process has it, unavailable */
export async function openNodeStore(directory: string): Promise<NodeStore> {
  prepareFolder(directory);
  const lock = lockFolder(directory);
  try {
    const connection = openConnection(join(directory, NODE_FILE));
    try {
      await migrate(connection);
      // It may have had a store of its own before.
      await raiseGrowing(connection, readGrowing(join(directory, DATABASE_FILE)));
      return {
        settings: createSettings({ connection }),
        openReplica: async () => {
          const path = findReplica(directory);
          removeOthers(directory, path);
          if (path === undefined) return undefined;
          try {
            return await openReplica(path);
          } catch (error) {
            if (!(error instanceof AppError)) throw error;
            // A damaged copy is worth nothing: another one is taken of what it was a copy of.
            removeOthers(directory, undefined);
            return undefined;
          }
        },
        buildReplica: (snapshot) => buildReplica(directory, snapshot),
        removeOthers: (kept) => removeOthers(directory, kept.path),
        check: async ({ path }) => (await runOffThread({ task: "check", file: path })).problems,
        close: () => {
          connection.close();
          lock.release();
        },
      };
    } catch (error) {
      connection.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}
