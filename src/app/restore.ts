/** Restores a data folder from a backup, for the command that does. */
import type { Actor } from "../core/revocation/store.ts";
import { restore, type Restored } from "../sqlite/backup.ts";

/** @throws AppError conflict, invalid, not_found, unavailable; the folder is then as it was */
export async function restoreStore(dataDir: string, file: string, actor: Actor): Promise<Restored> {
  return restore(dataDir, file, actor, Date.now());
}
