/** Imports rules from JSON lines: all of them or none, or those that can be, with a report of the others. */
import { AppError } from "../../core/app-error.ts";
import { MAX_LINE_LENGTH, parseImportLine } from "../../core/revocation/import-line.ts";
import { createPatternCache } from "../../core/revocation/pattern.ts";
import type {
  Actor,
  ImportLine,
  Place,
  RuleImport,
  RuleStore,
} from "../../core/revocation/store.ts";
import { readLines, type NumberedLine } from "../../core/json-lines.ts";
import { pause } from "./pause.ts";

/** A line that was not taken. */
export interface LineProblem {
  readonly line: number;
  readonly title: string;
  readonly path?: string;
  readonly expected?: string;
}

/** What an import came to. */
export interface Imported {
  readonly added: number;
  /** Rules whose time was over. */
  readonly expired: number;
  /** Lines refused; the first hundred are named. */
  readonly refused: number;
  readonly problems: readonly LineProblem[];
  /** Only where something was put in force. */
  readonly place?: Place;
}

export interface ImportWish {
  /** What the lines come from, for the audit. */
  readonly source: string;
  readonly isLenient: boolean;
  readonly nowSeconds: number;
  /** Aborted when the sender goes away: then nothing is imported. */
  readonly left: AbortSignal;
}

const MAX_PROBLEMS = 100;
const PATTERNS_KEPT = 1000;

/**
 * Reads, stages, and puts in force at once. With refused lines and not lenient, nothing is.
 *
 * @throws AppError unavailable when the store cannot be written or the sender went away
 */
export async function importRules(
  rules: RuleStore,
  actor: Actor,
  stream: ReadableStream<Uint8Array>,
  wish: ImportWish,
): Promise<Imported> {
  const staged = await rules.beginImport(actor, wish.source);
  try {
    const tally = await stageAll(staged, stream, wish);
    if (wish.left.aborted)
      throw new AppError("unavailable", "The import broke off; nothing was imported");
    const { expired, refused, problems } = tally;
    if (refused > 0 && !wish.isLenient) return { added: 0, expired, refused, problems };
    const { added, ...place } = await staged.commit();
    return { added, expired, refused, problems, place };
  } finally {
    // After a commit there is nothing left to forget.
    await staged.abort();
  }
}

async function stageAll(staged: RuleImport, stream: ReadableStream<Uint8Array>, wish: ImportWish) {
  const compile = createPatternCache(PATTERNS_KEPT);
  const problems: LineProblem[] = [];
  let expired = 0;
  let refused = 0;
  const parse = ({ line, text }: NumberedLine): readonly ImportLine[] => {
    try {
      const rule = parseImportLine(text, wish.nowSeconds, compile);
      if (rule !== undefined) return [{ line, rule }];
      expired += 1;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refused += 1;
      if (problems.length < MAX_PROBLEMS) problems.push(toProblem(line, error));
    }
    return [];
  };
  for await (const batch of readLines(stream, MAX_LINE_LENGTH)) {
    const lines = batch.flatMap(parse);
    await pause();
    // Once something is refused the rest is only looked at, for the report.
    if (lines.length > 0 && (refused === 0 || wish.isLenient)) await staged.stage(lines);
  }
  return { expired, refused, problems };
}

function toProblem(line: number, { message, path, expected }: AppError): LineProblem {
  return {
    line,
    title: message,
    ...(path === undefined ? {} : { path }),
    ...(expected === undefined ? {} : { expected }),
  };
}
