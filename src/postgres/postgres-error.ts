/** Turns PostgreSQL's failures into the errors callers know: nothing was changed, or nobody can say. */
import { SQL } from "bun";
import { AppError } from "../core/app-error.ts";

/** By SQLSTATE, whole or its class (PostgreSQL's documentation, appendix A). */
const REASONS: ReadonlyMap<string, string> = new Map([
  ["25006", "the database takes no changes: it is a standby"],
  ["28", "the database refuses the login"],
  ["3D", "the database is not there"],
  ["3F", "the database has no schema of this program, and it may not make one"],
  ["42501", "the database's user may not do this"],
  ["53", "the database has run out of room, memory or connections"],
  ["55P03", "the database is busy with another change"],
  ["57P", "the database is shutting down or starting up"],
]);

/** The failure as an AppError; what is no failure of PostgreSQL's is handed back as it is. */
export function toAppError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (!isPostgresFailure(error)) return error;
  return new AppError("unavailable", reasonOf(error), { cause: error });
}

/** What is known of a transaction whose COMMIT was sent and failed. */
export function toCommitError(error: unknown): AppError {
  const isRolledBack =
    error instanceof SQL.PostgresError &&
    (error.code === "ERR_POSTGRES_COMMIT_ROLLED_BACK" || /^(?:23|40)/.test(stateOf(error)));
  if (isRolledBack) {
    return new AppError("unavailable", "the database undid the change", { cause: error });
  }
  return new AppError(
    "unknown",
    "the database was lost while it stored the change: it may be there; look before you repeat it",
    { cause: error },
  );
}

/** Whether the connection, and with it perhaps the server, is no longer what it was. */
export function isConnectionLoss(error: unknown): boolean {
  if (error instanceof AppError) return isConnectionLoss(error.cause);
  if (!isPostgresFailure(error)) return false;
  return !(error instanceof SQL.PostgresError) || stateOf(error) === "" || isServerGoing(error);
}

function isServerGoing(error: SQL.PostgresError): boolean {
  const state = stateOf(error);
  return state.startsWith("57P") || state === "25006";
}

/** SQLSTATE; "" for a failure of the connection itself. */
function stateOf(error: SQL.PostgresError): string {
  return error.errno ?? "";
}

/** Bun's failures of TLS are plain errors with a code. */
function isPostgresFailure(error: unknown): error is Error {
  if (error instanceof SQL.SQLError) return true;
  return error instanceof Error && "code" in error && typeof error.code === "string";
}

function reasonOf(error: Error): string {
  const state = error instanceof SQL.PostgresError ? stateOf(error) : "";
  if (state === "") return "the database cannot be reached";
  return (
    REASONS.get(state) ??
    REASONS.get(state.slice(0, 3)) ??
    REASONS.get(state.slice(0, 2)) ??
    "the database refused the work"
  );
}
