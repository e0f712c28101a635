/** The parts of an open store that its sides share. */
import type { RuleIndex } from "../core/revocation/rule-index.ts";
import type { RuleRows } from "../core/revocation/rule-rows.ts";
import type { Actors } from "./actors.ts";
import type { Audit } from "./audit.ts";
import type { Changes } from "./changes.ts";
import type { Connection } from "./connection.ts";
import type { JournalReader, JournalWriter } from "./journal.ts";
import type { OnceTable } from "./once.ts";
import type { RuleTable } from "./rule-table.ts";

export interface Parts {
  readonly connection: Connection;
  readonly rows: RuleRows;
  readonly index: RuleIndex;
  readonly journal: JournalReader;
  readonly journalWriter: JournalWriter;
  readonly table: RuleTable;
  readonly audit: Audit;
  readonly actors: Actors;
  readonly once: OnceTable;
  readonly changes: Changes;
  /** Imports that a former process left unfinished. */
  readonly abandoned: number[];
  readonly nowMs: () => number;
  /** Lets others have the event loop; awaited between pieces of long work. */
  readonly pause: () => Promise<void>;
}
