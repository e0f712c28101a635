/** Keeps the overview's data live by server-sent events, and is honest when contact is lost. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Snapshot } from "../api/types.ts";

export type Contact = "connecting" | "live" | "lost";

export interface Live {
  /** The last that was heard; kept, with its age, when contact is lost. */
  readonly snapshot: ReadonlySignal<Snapshot | undefined>;
  readonly contact: ReadonlySignal<Contact>;
  /** Unix seconds at which the server was last heard. */
  readonly heardAt: ReadonlySignal<number | undefined>;
  start(): void;
  stop(): void;
}

/** A stream of events that is open. */
export interface EventStream {
  close(): void;
}

/** What a stream tells. */
export interface Listener {
  readonly heard: (data: string) => void;
  readonly failed: () => void;
}

export interface LiveDeps {
  readonly open: (listener: Listener) => EventStream;
  /** Asked before a new attempt: settles where there is a session, asking for the password if need be. */
  readonly checkSession: () => Promise<unknown>;
  readonly nowMs: () => number;
  /** Runs a function later; returns how to cancel. */
  readonly after: (delayMs: number, run: () => void) => () => void;
}

/** The server is heard at least every five seconds; silence beyond this is a lost contact. */
const SILENCE_MS = 8000;
const RETRY_MS = 1000;
const MAX_RETRY_MS = 8000;

export function createLive({ open, checkSession, nowMs, after }: LiveDeps): Live {
  const snapshot = signal<Snapshot | undefined>(undefined);
  const contact = signal<Contact>("connecting");
  const heardAt = signal<number | undefined>(undefined);
  let stream: EventStream | undefined;
  let cancel: (() => void) | undefined;
  let retryMs = RETRY_MS;
  let isRunning = false;

  const close = () => {
    cancel?.();
    stream?.close();
    stream = undefined;
  };
  const lose = () => {
    if (!isRunning) return;
    close();
    contact.value = "lost";
    cancel = after(retryMs, () => {
      // A lost server refuses this as well; an ended session asks for the password and then goes on.
      checkSession().then(connect, lose);
    });
    retryMs = Math.min(MAX_RETRY_MS, retryMs * 2);
  };
  const heard = (data: string) => {
    cancel?.();
    cancel = after(SILENCE_MS, lose);
    const next = parseSnapshot(data);
    if (next === undefined) return;
    retryMs = RETRY_MS;
    heardAt.value = nowMs() / 1000;
    contact.value = "live";
    snapshot.value = next;
  };
  const connect = () => {
    if (!isRunning) return;
    close();
    stream = open({ heard, failed: lose });
    cancel = after(SILENCE_MS, lose);
  };
  return {
    snapshot,
    contact,
    heardAt,
    start() {
      if (isRunning) return;
      isRunning = true;
      connect();
    },
    stop() {
      isRunning = false;
      close();
      snapshot.value = undefined;
      contact.value = "connecting";
    },
  };
}

/** Server and page come in one binary; what is no JSON is a proxy's doing and says nothing. */
function parseSnapshot(data: string): Snapshot | undefined {
  try {
    return JSON.parse(data) as Snapshot;
  } catch {
    return undefined;
  }
}
