/** Fetches one small text over HTTP from a server that may be slow, huge, lying or gone. */

export interface FetchedText {
  /** Undefined where the server said 304: what it sent before still holds. */
  readonly text: string | undefined;
  readonly etag: string | undefined;
  /** From Cache-Control, in seconds; undefined where it gives none. */
  readonly maxAgeSeconds: number | undefined;
}

export interface FetchTextOptions {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly etag: string | undefined;
}

/** The source could not be read. Its message names no body and no header value. */
export class FetchTextError extends Error {
  override readonly name = "FetchTextError";
}

/**
 * Fetches a text. No redirects are followed (they could leave the trusted host), the size is bounded
 * after decompression, and the time-out covers the last byte.
 *
 * @throws FetchTextError
 */
export async function fetchText(url: string, options: FetchTextOptions): Promise<FetchedText> {
  const signal = AbortSignal.timeout(options.timeoutMs);
  const headers = new Headers({ accept: "application/json, application/jwk-set+json" });
  if (options.etag !== undefined) headers.set("if-none-match", options.etag);
  try {
    const response = await fetch(url, { redirect: "manual", signal, headers, keepalive: false });
    const etag = response.headers.get("etag") ?? undefined;
    const maxAgeSeconds = parseMaxAge(response.headers.get("cache-control"));
    if (response.status === 304 && options.etag !== undefined) {
      return { text: undefined, etag: etag ?? options.etag, maxAgeSeconds };
    }
    if (response.status !== 200) throw new FetchTextError(`it answered ${response.status}`);
    return { text: await readBounded(response, options.maxBytes), etag, maxAgeSeconds };
  } catch (error) {
    throw error instanceof FetchTextError ? error : new FetchTextError(describe(error, options));
  }
}

async function readBounded(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let bytes = 0;
  let text = "";
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new FetchTextError(`it is larger than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parseMaxAge(cacheControl: string | null): number | undefined {
  const match = /(?:^|[,\s])max-age=(\d{1,9})(?:$|[,\s])/i.exec(cacheControl ?? "");
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

function describe(error: unknown, options: FetchTextOptions): string {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return `it did not answer within ${options.timeoutMs} ms`;
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return "it is not UTF-8";
  return `it cannot be reached (${code})`;
}
