/** HTTP/1.1 messages as bytes: where one ends, and what its head says. Lenient: it must see what a bad peer sent. */

/** Header fields in the order received, names as written. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** One complete message. Strings are latin1: a character a byte. */
export interface HttpMessage {
  /** Every byte of the message. */
  readonly bytes: Buffer;
  /** The request or status line. */
  readonly startLine: string;
  readonly fields: Fields;
  /** The content with any chunked coding taken off. */
  readonly body: Buffer;
  readonly trailers: Fields;
}

/** What of a message is known before its content: who sent it decides how it is framed. */
export type MessageKind = "request" | "response";

/**
 * Takes the first complete message off `buffer`.
 *
 * @returns the message and what is left, or undefined while bytes are missing. A response with neither a length nor
 *   a chunked coding is complete once `isEnded`.
 */
export function takeMessage(
  buffer: Buffer,
  kind: MessageKind,
  isEnded = false,
): { readonly message: HttpMessage; readonly rest: Buffer } | undefined {
  const headEnd = buffer.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const [startLine = "", ...lines] = buffer.toString("latin1", 0, headEnd).split("\r\n");
  const fields = lines.map(toField);
  const bodyStart = headEnd + 4;
  const framed = isChunked(fields)
    ? takeChunked(buffer, bodyStart)
    : takeSized(buffer, bodyStart, contentLength(fields, startLine, kind), isEnded);
  if (framed === undefined) return undefined;
  const { body, trailers, end } = framed;
  const bytes = buffer.subarray(0, end);
  return { message: { bytes, startLine, fields, body, trailers }, rest: buffer.subarray(end) };
}

/** All values of a field, compared without case. */
export function valuesOf(fields: Fields, name: string): string[] {
  return fields.filter(([n]) => n.toLowerCase() === name).map(([, value]) => value);
}

interface Framed {
  readonly body: Buffer;
  readonly trailers: Fields;
  readonly end: number;
}

function toField(line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  if (colon < 0) return [line, ""];
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

function isChunked(fields: Fields): boolean {
  return valuesOf(fields, "transfer-encoding").some((v) => /\bchunked\b/i.test(v));
}

function contentLength(fields: Fields, startLine: string, kind: MessageKind): number | undefined {
  const length = valuesOf(fields, "content-length")[0];
  if (length !== undefined) return Number(length);
  if (kind === "request" || /^HTTP\/1\.\d (1\d\d|204|304)/.test(startLine)) return 0;
  return undefined;
}

function takeSized(
  buffer: Buffer,
  start: number,
  length: number | undefined,
  isEnded: boolean,
): Framed | undefined {
  if (length === undefined && !isEnded) return undefined;
  const end = length === undefined ? buffer.length : start + length;
  if (buffer.length < end) return undefined;
  return { body: buffer.subarray(start, end), trailers: [], end };
}

function takeChunked(buffer: Buffer, start: number): Framed | undefined {
  const chunks: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = buffer.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(buffer.toString("latin1", at, lineEnd), 16);
    at = lineEnd + 2;
    if (!(size > 0)) break;
    if (buffer.length < at + size + 2) return undefined;
    chunks.push(buffer.subarray(at, at + size));
    at += size + 2;
  }
  const trailers: (readonly [string, string])[] = [];
  for (;;) {
    const lineEnd = buffer.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const line = buffer.toString("latin1", at, lineEnd);
    at = lineEnd + 2;
    if (line === "") return { body: Buffer.concat(chunks), trailers, end: at };
    trailers.push(toField(line));
  }
}
