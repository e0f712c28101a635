/** Reads a stream of JSON lines piece by piece, however they are cut into pieces. */
import { AppError } from "./app-error.ts";

/** A line of the stream, numbered from 1; its text without the line end. */
export interface NumberedLine {
  readonly line: number;
  readonly text: string;
}

/** Lines handed on at once: what is done with them must not keep judgements waiting. */
const BATCH = 200;

/**
 * Hands on the lines in batches; empty lines are counted and left out. A stream that breaks off makes
 * the iteration fail, so that half a file is never taken for a whole one.
 *
 * @param maxLength characters a line may have: beyond it nothing more is read
 * @throws AppError invalid for bytes that are not UTF-8; too_large for a line
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
  maxLength: number,
): AsyncGenerator<readonly NumberedLine[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  let line = 0;
  let batch: NumberedLine[] = [];
  const take = (text: string): void => {
    line += 1;
    if (text.length > maxLength) throw tooLong(line);
    const trimmed = text.endsWith("\r") ? text.slice(0, -1) : text;
    if (trimmed.trim() !== "") batch.push({ line, text: trimmed });
  };
  for await (const bytes of stream) {
    const parts = (rest + decode(decoder, bytes)).split("\n");
    rest = parts.pop() ?? "";
    if (rest.length > maxLength) throw tooLong(line + 1);
    for (const part of parts) {
      take(part);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
  }
  rest += decode(decoder, undefined);
  if (rest !== "") take(rest);
  if (batch.length > 0) yield batch;
}

function decode(decoder: TextDecoder, bytes: Uint8Array | undefined): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch (cause) {
    throw new AppError("invalid", "The lines are not UTF-8", { cause });
  }
}

function tooLong(line: number): AppError {
  return new AppError("too_large", `Line ${line} is too long`);
}
