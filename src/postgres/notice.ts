/**
 * What a notice of the journal carries: the entry itself, where it is small, so that a follower that is
 * right before it need not ask. PostgreSQL delivers it once the entry is committed, or not at all. It is
 * signed, because any user of the database can send one.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { JournalEntry, RuleContent } from "./journal.ts";

/** PostgreSQL takes 8000 bytes. */
const MAX_BYTES = 7500;
/** SHA-256 in base64url. */
const MAC_LENGTH = 43;

/** An entry, and the history that it is part of. */
export interface Notice {
  readonly epoch: string;
  readonly entry: JournalEntry;
}

/** The payload; "" for an entry that is too large, or is more than itself. */
export function toPayload({ epoch, entry }: Notice, key: string): string {
  if (entry.importId !== undefined) return "";
  const text = JSON.stringify({ epoch, entry });
  const payload = `${sign(text, key)} ${text}`;
  return Buffer.byteLength(payload) > MAX_BYTES ? "" : payload;
}

/** What a payload says; undefined for none, and for one that is not signed or of another version: the journal is read then. */
export function parseNotice(payload: string, key: string): Notice | undefined {
  const text = payload.slice(MAC_LENGTH + 1);
  const mac = Buffer.from(payload.slice(0, MAC_LENGTH));
  const expected = Buffer.from(sign(text, key));
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) return undefined;
  try {
    return toNotice(JSON.parse(text) as Partial<Notice> | null);
  } catch {
    return undefined;
  }
}

function sign(text: string, key: string): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}

function toNotice(value: Partial<Notice> | null): Notice | undefined {
  const { epoch, entry } = value ?? {};
  if (typeof epoch !== "string" || entry === undefined) return undefined;
  const { seq, atMs, kind, scope, subject, ruleId, rule } = entry;
  if (!Number.isSafeInteger(seq) || typeof atMs !== "number") return undefined;
  if (!isOf(subject, "string") || !isOf(ruleId, "number")) return undefined;
  const isWhole = wholeEntry(kind, scope, rule);
  if (!isWhole) return undefined;
  return { epoch, entry: { seq, atMs, kind, scope, subject, ruleId, importId: undefined, rule } };
}

/** Whether it is one of the few kinds that stand for themselves, with all that belongs to it. */
function wholeEntry(kind: unknown, scope: unknown, rule: RuleContent | undefined): boolean {
  if (kind === "keys_changed") return scope === "all";
  if (scope !== "global" && scope !== "subject") return false;
  if (kind === "rule_lifted") return true;
  return (
    kind === "rule_added" &&
    rule !== undefined &&
    Number.isSafeInteger(rule.id) &&
    typeof rule.text === "string" &&
    Number.isSafeInteger(rule.format) &&
    Number.isSafeInteger(rule.expireAt) &&
    isOf(rule.subject, "string") &&
    isOf(rule.issuer, "string")
  );
}

function isOf(value: unknown, type: "string" | "number"): boolean {
  return value === undefined || typeof value === type;
}
