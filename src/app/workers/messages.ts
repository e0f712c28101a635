/** What the main thread and the judging threads tell each other, beside the shared memory. */
import type { PolicySet } from "../../core/token/policy.ts";
import type { Detail } from "../../core/token/reason.ts";
import type { JudgingPath } from "../../http/token-server/judge-route.ts";
import type { KeySetText } from "../../jwks/key-syncer.ts";
import type { ReportedToken } from "./reported-token.ts";

/** How a request came in to the thread that hands it on; believed on the main thread's own socket alone. */
export const ARRIVAL_HEADER = "x-jwt-arrival";

/** The first message to a judging thread. */
export interface WorkerStart {
  readonly kind: "start";
  readonly thread: number;
  readonly memory: SharedArrayBuffer;
  readonly dataDir: string;
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  readonly hosts: readonly string[];
  readonly verifierKeys: readonly string[];
  readonly maxTokenBytes: number;
  readonly maxBodyBytes: number;
  readonly idleTimeoutSeconds: number;
  /** Longest memory of a verdict without a lease that is on record; longer ones the main thread answers. */
  readonly recordedTtlSeconds: number;
  /** The main thread's socket for what a judging thread does not answer. */
  readonly mainSocket: string;
}

/** Keys and policy; they count once the shared version says so. */
export interface WorkerGrounds {
  readonly kind: "grounds";
  readonly version: number;
  /** The store's; another one means that the rules are to be loaded anew. */
  readonly epoch: string;
  readonly sets: readonly KeySetText[];
  readonly keyMaxAgeSeconds: number;
  readonly allowShortSecrets: boolean;
  readonly decryptionKeysText: string | undefined;
  readonly policies: PolicySet;
}

export interface WorkerStop {
  readonly kind: "stop";
}

export type ToWorker = WorkerStart | WorkerGrounds | WorkerStop;

/** Verdicts of one kind. */
export interface VerdictCount {
  /** Of the refusal; empty for accepted. */
  readonly detail: Detail | "";
  readonly path: JudgingPath;
  readonly count: number;
  /** What they took together. */
  readonly seconds: number;
}

/** Verdicts since the last report, for the metrics and the sample of seen tokens. */
export interface WorkerReport {
  readonly kind: "report";
  readonly thread: number;
  readonly verdicts: readonly VerdictCount[];
  /** A few of the tokens that were accepted. */
  readonly seen: readonly ReportedToken[];
}

export interface WorkerReady {
  readonly kind: "listening";
  readonly thread: number;
}

export type FromWorker = WorkerReport | WorkerReady;
