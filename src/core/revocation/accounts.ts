/** What the store keeps of people, API tokens, sessions and settings; hashing is the caller's. */
import type { Actor } from "./store.ts";

export type Role = "admin" | "operator" | "viewer";

/** All times are seconds since 1970. */
export interface Person {
  readonly name: string;
  readonly role: Role;
  /** As `Bun.password` wrote it; never leaves the server. */
  readonly passwordHash: string;
  readonly createdAt: number;
  readonly passwordChangedAt: number;
}

export interface ApiToken {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly revokedAt: number | undefined;
  /** To the hour, so that using a token is not a write each time. */
  readonly lastUsedAt: number | undefined;
}

export interface Session {
  /** Names it to its owner; not what the browser shows, and nothing to get in with. */
  readonly id: number;
  readonly person: string;
  readonly role: Role;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly from: string;
}

/** People and what they show to get in. Every write is audited in its own transaction. */
export interface AccountStore {
  /** @throws AppError conflict when the name is taken */
  createPerson(
    person: { readonly name: string; readonly role: Role; readonly passwordHash: string },
    actor: Actor,
  ): Promise<void>;
  findPerson(name: string): Promise<Person | undefined>;
  listPeople(): Promise<readonly Person[]>;
  /** Also ends all of the person's sessions. @throws AppError not_found */
  setPassword(name: string, passwordHash: string, actor: Actor): Promise<void>;
  /** Holds from the person's next request on. @throws AppError not_found, conflict for the last admin */
  setRole(name: string, role: Role, actor: Actor): Promise<void>;
  /** Also ends all of the person's sessions. @throws AppError not_found, conflict for the last admin */
  removePerson(name: string, actor: Actor): Promise<void>;

  /** @param secretHash SHA-256 of the token, hex. @throws AppError conflict when the name is taken */
  createApiToken(
    token: { readonly name: string; readonly role: Role; readonly secretHash: string },
    actor: Actor,
  ): Promise<ApiToken>;
  /** The live token of this hash, or nothing. */
  findApiToken(secretHash: string): Promise<ApiToken | undefined>;
  listApiTokens(): Promise<readonly ApiToken[]>;
  /** @throws AppError not_found, conflict when revoked already */
  revokeApiToken(name: string, actor: Actor): Promise<void>;

  /** @param idHash SHA-256 of the session id, hex */
  createSession(idHash: string, person: string, actor: Actor): Promise<void>;
  /** The session, if neither idle nor too old; marks it seen (to the minute). */
  findSession(
    idHash: string,
    limits: { readonly idleSeconds: number; readonly absoluteSeconds: number },
  ): Promise<Session | undefined>;
  endSession(idHash: string, actor: Actor): Promise<void>;
  /** The person's sessions that are neither idle nor too old, newest first. */
  listSessions(
    person: string,
    limits: { readonly idleSeconds: number; readonly absoluteSeconds: number },
  ): Promise<readonly Session[]>;
  /** Ends every session of a person. */
  endSessions(person: string, actor: Actor): Promise<void>;

  /** Notes one more attempt under the key and says how many there were in the window, it included. */
  countAttempt(key: string, windowSeconds: number): Promise<number>;
  /** Counts one less under the key, the latest; nothing where there is none. */
  takeBackAttempt(key: string): Promise<void>;
  forgetAttempts(key: string): Promise<void>;

  getSetting(name: string): Promise<string | undefined>;
  setSetting(name: string, value: string): Promise<void>;
  /** Raises a number that only ever grows (the longest lease granted …) and answers what it is now. */
  raiseSetting(name: string, atLeast: number): Promise<number>;
  /** Removes the setting and answers true only for the one caller who finds this value there. */
  takeSetting(name: string, value: string): Promise<boolean>;
}
