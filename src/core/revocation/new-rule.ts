/** Says whether a rule may be written: everything about it but the rule's own language. */
import { AppError } from "../app-error.ts";
import type { NewRule } from "./store.ts";

export const MAX_REASON_LENGTH = 1000;
export const MAX_NAME_LENGTH = 1024;

/** Control characters: a name or reason with one could forge a line of a log or a terminal. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** @throws AppError invalid, with the path inside the request */
export function checkNewRule(input: NewRule, nowSeconds: number): void {
  if (input.scope.kind === "subject") {
    checkName(input.scope.subject, "/subject");
    if (input.scope.issuer !== undefined) checkName(input.scope.issuer, "/issuer");
  }
  checkReason(input.reason);
  checkExpireAt(input.expireAt, nowSeconds);
}

/** Whether every kind of store can hold a rule for this subject or issuer; PostgreSQL knows no NUL. */
export function isFileable(name: string): boolean {
  return isName(name) && !name.includes("\0");
}

/** @throws AppError invalid */
export function checkReason(reason: string): void {
  if (reason.trim() === "" || reason.length > MAX_REASON_LENGTH || CONTROL.test(reason)) {
    throw refused("/reason", `one line of 1 to ${MAX_REASON_LENGTH} characters`);
  }
}

function isName(name: string): boolean {
  return name !== "" && name.length <= MAX_NAME_LENGTH && name.isWellFormed();
}

function checkName(name: string, path: string): void {
  if (!isName(name)) {
    throw refused(path, `a string of 1 to ${MAX_NAME_LENGTH} characters`);
  }
}

/** @throws AppError invalid */
export function checkExpireAt(expireAt: number, nowSeconds: number): void {
  if (!Number.isSafeInteger(expireAt) || expireAt < 0) {
    throw refused("/expireAt", "whole seconds since 1970, or 0 for a rule that never ends");
  }
  if (expireAt !== 0 && expireAt <= nowSeconds) {
    throw refused(
      "/expireAt",
      "a time in the future: this one is past, so the rule would do nothing",
    );
  }
}

function refused(path: string, expected: string): AppError {
  return new AppError("invalid", `at ${path}: expected ${expected}`, { path, expected });
}
