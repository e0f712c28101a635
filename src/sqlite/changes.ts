/** Makes a change known once it is on disk: to the judging path first, then to who listens. */
import type { RuleIndex } from "../core/revocation/rule-index.ts";
import type { Change } from "../core/revocation/store.ts";
import type { JournalReader } from "./journal.ts";

const CHUNK = 1000;

export interface Changes {
  /** After a commit: when this returns, `findMatch` judges by it. */
  publish(): Promise<void>;
  onChange(listener: (changes: readonly Change[]) => void): () => void;
}

export function createChanges(
  index: RuleIndex,
  journal: JournalReader,
  pause: () => Promise<void>,
  note: (seq: number) => void,
): Changes {
  const listeners = new Set<(changes: readonly Change[]) => void>();
  let told = journal.readSeq();
  return {
    publish: async () => {
      note(journal.readSeq());
      if (!index.advance()) await index.load(pause);
      for (;;) {
        const changes = journal.readChanges(told, CHUNK) ?? [];
        const last = changes.at(-1);
        if (last === undefined) return;
        told = last.seq;
        for (const listener of listeners) listener(changes);
      }
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
