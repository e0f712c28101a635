/** Opens a store that this process has open already, for reading: the judging path of another thread. */
import { join } from "node:path";
import { RuleIndex } from "../core/revocation/rule-index.ts";
import { openConnection } from "./connection.ts";
import { DATABASE_FILE } from "./data-folder.ts";
import { createRuleRows } from "./rule-rows.ts";

export interface StoreReader {
  /** Advanced by whoever reads; nothing tells it of changes. */
  readonly index: RuleIndex;
  readonly load: () => Promise<void>;
  readonly close: () => void;
}

/** Opens the rules of a data folder. @throws AppError unavailable */
export async function openReader(directory: string): Promise<StoreReader> {
  const connection = openConnection(join(directory, DATABASE_FILE));
  connection.db.run("PRAGMA query_only = ON");
  const index = new RuleIndex(createRuleRows(connection));
  const load = () => index.load(pause);
  await load();
  return { index, load, close: () => connection.close() };
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
