/** What PostgreSQL's texts cannot hold, refused by name before it is asked. */
import { AppError } from "../core/app-error.ts";
import type { NewRule } from "../core/revocation/store.ts";

/** @throws AppError invalid for a NUL, or half a surrogate pair */
export function checkTexts({ scope, reason }: NewRule): void {
  check(reason, "/reason");
  if (scope.kind === "global") return;
  check(scope.subject, "/subject");
  if (scope.issuer !== undefined) check(scope.issuer, "/issuer");
}

function check(text: string, path: string): void {
  if (!text.includes("\0") && text.isWellFormed()) return;
  const expected = "characters that PostgreSQL can store: no NUL";
  throw new AppError("invalid", `at ${path}: expected ${expected}`, { path, expected });
}
