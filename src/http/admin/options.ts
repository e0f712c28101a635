/** What the admin API is made of: everything it acts on, given by who puts the program together. */
import type { Confirmation } from "../../core/feed/confirmation.ts";
import type { VerificationKey } from "../../core/jwks/verification-key.ts";
import type { AccountStore } from "../../core/revocation/accounts.ts";
import type { SeenTokens } from "../../core/revocation/seen-tokens.ts";
import type { Actor, RevocationIndex, RuleStore } from "../../core/revocation/store.ts";
import type { Policy, PolicySet } from "../../core/token/policy.ts";
import type { VerdictRates } from "../../core/token/verdict-rates.ts";
import type { Verdict } from "../../core/token/verdict.ts";
import type { HealthCheck } from "../health.ts";
import type { Passwords } from "./passwords.ts";

/** A key source as the API shows it; times in Unix seconds. */
export interface KeySourceView {
  readonly name: string;
  readonly kind: string;
  readonly keys: readonly VerificationKey[];
  readonly problems: readonly string[];
  readonly fetchedAtSeconds: number | undefined;
  readonly error: string | undefined;
  readonly nextInMs: number;
}

/** The key sources, and how to have them read again. */
export interface KeySources {
  readonly list: () => readonly KeySourceView[];
  readonly syncNow: () => Promise<void>;
}

export interface AdminOptions {
  readonly rules: RuleStore;
  readonly accounts: AccountStore;
  readonly index: RevocationIndex;
  /** Undefined where no server runs: nothing can be confirmed then. */
  readonly confirmation: Confirmation | undefined;
  /** Judges a token as a request's would be, fetching keys it names where they are not known. */
  readonly judge: (token: string) => Verdict | Promise<Verdict>;
  readonly policies: () => PolicySet;
  /** Writes a rule whose end follows from this policy, so that it is kept when another one comes. */
  readonly writeEnding: <T>(policy: Policy, write: () => Promise<T>) => Promise<T>;
  readonly keys: KeySources;
  readonly seenTokens: SeenTokens;
  readonly rates: VerdictRates;
  readonly ready: () => readonly HealthCheck[];
  /** A consistent copy of the store, on its way out to a file of this name. @throws AppError unavailable */
  readonly backUp: (
    actor: Actor,
    name: string,
  ) => Promise<{ readonly stream: ReadableStream<Uint8Array>; readonly bytes: number }>;
  /** SQLite's own check of the whole store: its problems, none = sound. */
  readonly checkStore: () => Promise<readonly string[]>;
  readonly passwords: Passwords;
  readonly origin: string | undefined;
  readonly trustedProxies: readonly string[];
  /** Answers what lies outside `/api/`: the page's files. */
  readonly page: (request: Request, path: string) => Response | Promise<Response> | undefined;
  readonly nowSeconds: () => number;
  readonly monotonicMs: () => number;
  readonly startedAtSeconds: number;
  readonly version: string;
  /** Aborted when the server stops: what would go on for long ends then. */
  readonly stopping: AbortSignal;
  readonly onFailure: (error: unknown) => void;
}
