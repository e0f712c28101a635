/** Whether the database keeps what it has confirmed: its own settings, read back. */
import { AppError } from "../core/app-error.ts";
import type { Sql } from "./database.ts";

/** The settings on which "acknowledged is durable" rests. */
export interface DurabilitySettings {
  readonly fsync: string;
  readonly commit: string;
  readonly standbys: string;
}

/** To be selected with anything else: the columns of `DurabilitySettings`. */
export async function readDurability(sql: Sql): Promise<DurabilitySettings> {
  const [row] = await sql<DurabilitySettings[]>`
    SELECT current_setting('fsync') AS fsync,
      current_setting('synchronous_commit') AS commit,
      current_setting('synchronous_standby_names') AS standbys`;
  if (row === undefined) throw new TypeError("the database has no settings");
  return row;
}

/**
 * What keeps the database from confirming only what is safe, in words an operator can act on.
 *
 * @param isSingle whether the operator declares that there is no standby (JWT_STORE_SINGLE)
 */
export function durabilityProblems(
  { fsync, commit, standbys }: DurabilitySettings,
  isSingle: boolean,
): readonly string[] {
  const problems: string[] = [];
  if (fsync !== "on") problems.push("PostgreSQL runs with fsync = off: it can lose everything");
  if (commit !== "on" && commit !== "remote_apply") {
    problems.push(
      `PostgreSQL confirms changes that are not safe yet (synchronous_commit = ${commit}): ` +
        "set it to on or remote_apply for this user",
    );
  }
  if (standbys === "" && !isSingle) {
    problems.push(
      "PostgreSQL names no synchronous standby (synchronous_standby_names is empty): a confirmed " +
        "revocation would be lost with its machine. Name one, or declare a single server with " +
        "JWT_STORE_SINGLE=true",
    );
  }
  return problems;
}

/** Inside a change: a server whose settings were changed meanwhile confirms nothing. @throws AppError unavailable */
export function checkDurability(settings: DurabilitySettings, isSingle: boolean): void {
  const [problem] = durabilityProblems(settings, isSingle);
  if (problem !== undefined) throw new AppError("unavailable", problem);
}
