/**
 * What a notice of the journal carries: the entry itself, where it is small, so that a follower that is
 * right before it need not ask. PostgreSQL delivers it once the entry is committed, or not at all. It is
 * sealed (AES-256-GCM, NIST SP 800-38D): any user of the database can send one, and hear one.
 */
import { createCipheriv, createDecipheriv, hash, randomBytes } from "node:crypto";
import type { JournalEntry, RuleContent } from "./journal.ts";

/** PostgreSQL takes 8000 bytes. */
const MAX_BYTES = 7500;
const CIPHER = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** An entry, and the history that it is part of. */
export interface Notice {
  readonly epoch: string;
  readonly entry: JournalEntry;
}

/** The payload; "" for an entry that is too large, or is more than itself. */
export function toPayload({ epoch, entry }: Notice, key: string): string {
  if (entry.importId !== undefined) return "";
  const payload = seal(JSON.stringify({ epoch, entry }), key);
  return payload.length > MAX_BYTES ? "" : payload;
}

/** What a payload says; undefined for none, and for one that was not sealed with the key or is of another version: the journal is read then. */
export function parseNotice(payload: string, key: string): Notice | undefined {
  try {
    return toNotice(JSON.parse(unseal(payload, key)) as Partial<Notice> | null);
  } catch {
    return undefined;
  }
}

/** Base64url of the nonce, the text encrypted, and the tag. */
export function seal(text: string, key: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, toBytes(key), iv, { authTagLength: TAG_BYTES });
  const sealed = [iv, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(sealed).toString("base64url");
}

/** @throws Error for what was not sealed with this key */
function unseal(payload: string, key: string): string {
  const bytes = Buffer.from(payload, "base64url");
  const end = bytes.length - TAG_BYTES;
  if (end < IV_BYTES) throw new RangeError("no sealed text is so short");
  const iv = bytes.subarray(0, IV_BYTES);
  const decipher = createDecipheriv(CIPHER, toBytes(key), iv, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(end));
  return decipher.update(bytes.subarray(IV_BYTES, end), undefined, "utf8") + decipher.final("utf8");
}

function toBytes(key: string): Buffer {
  return hash("sha256", key, "buffer");
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
