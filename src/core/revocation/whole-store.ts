/** All that a store keeps for good, whatever it is kept in: rules with their history, audit, people, API tokens. */
import type { Person, Role } from "./accounts.ts";
import type { Actor, AuditRow } from "./store.ts";

/** A rule as it lies in the store; all times are seconds since 1970. */
export interface KeptRule {
  readonly id: number;
  /** Undefined: for everybody. */
  readonly subject: string | undefined;
  readonly issuer: string | undefined;
  readonly text: string;
  readonly format: number;
  readonly expireAt: number;
  readonly reason: string;
  /** Whether it stands, was lifted, or has ended by itself and was swept. */
  readonly state: "stands" | "lifted" | "ended";
  readonly addedAt: number;
  readonly addedBy: Actor;
  readonly endedAt: number | undefined;
  readonly lifted: { readonly by: Actor; readonly reason: string } | undefined;
}

/** All times are seconds since 1970. */
export interface KeptApiToken {
  readonly name: string;
  readonly role: Role;
  readonly secretHash: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly revokedAt: number | undefined;
  readonly lastUsedAt: number | undefined;
}

/**
 * A store's content as of one moment. What is not there is not meant to be: sessions, idempotency keys,
 * the journal, whose place another history takes.
 */
export interface WholeStore {
  /** In pages, by id. */
  rules(): AsyncIterable<readonly KeptRule[]>;
  /** In pages, oldest first. */
  audit(): AsyncIterable<readonly AuditRow[]>;
  people(): Promise<readonly Person[]>;
  /** Revoked ones too. */
  apiTokens(): Promise<readonly KeptApiToken[]>;
}

/** How much was copied. */
export interface Copied {
  readonly rules: number;
  readonly people: number;
  readonly apiTokens: number;
  readonly audit: number;
}
