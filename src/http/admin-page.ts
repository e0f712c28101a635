/** Serves the admin page's files: one document for each of its screens, and assets that never change under their names. */
import { createHash } from "node:crypto";

/** A file of the page as it was bundled. */
export interface PageFile {
  /** From the origin's root, with a hash of its content in the name: `/chunk-1a2b.js`. */
  readonly path: string;
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The one HTML file. */
  readonly isDocument: boolean;
}

/** Answers a GET or HEAD for a path; undefined where there is nothing of the page. */
export type AdminPage = (request: Request, path: string) => Response | undefined;

/** The first parts of the paths at which the page has a screen; it tells them apart itself. */
const SCREENS: ReadonlySet<string> = new Set([
  "",
  "revoke",
  "rules",
  "inspect",
  "keys",
  "audit",
  "people",
  "account",
]);

interface Served {
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly zipped: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  readonly contentType: string;
  readonly isDocument: boolean;
}

/**
 * Makes the handler. Headers that every answer of the listener carries (CSP, nosniff, no-store) are
 * added by the listener; assets say themselves that they may be kept.
 */
export function createAdminPage(files: readonly PageFile[]): AdminPage {
  const byPath = new Map<string, PageFile>(files.map((file) => [file.path, file]));
  const document = files.find(({ isDocument }) => isDocument);
  // Compressed when first asked for: most starts of the server are followed by no look at the page.
  const ready = new Map<string, Served>();
  const prepare = (file: PageFile): Served => {
    const known = ready.get(file.path);
    if (known !== undefined) return known;
    const made = toServed(file);
    ready.set(file.path, made);
    return made;
  };
  return (request, path) => {
    const isScreen = SCREENS.has(path.split("/", 2)[1] ?? "") && !path.includes(".");
    const file = isScreen ? document : byPath.get(path);
    if (file === undefined || (file.isDocument && !isScreen)) return undefined;
    return answer(request, prepare(file));
  };
}

function answer(request: Request, file: Served): Response {
  const isZipped = acceptsGzip(request.headers.get("accept-encoding"));
  // RFC 9110 §8.8.3: two encodings of one thing are two representations.
  const etag = isZipped ? `"${file.etag}-gz"` : `"${file.etag}"`;
  const headers = new Headers({
    "content-type": file.contentType,
    etag,
    vary: "accept-encoding",
    "cache-control": file.isDocument ? "no-store" : "public, max-age=31536000, immutable",
  });
  const known = request.headers.get("if-none-match")?.split(",") ?? [];
  if (!file.isDocument && known.some((one) => one.trim().replace(/^W\//, "") === etag)) {
    return new Response(null, { status: 304, headers });
  }
  if (isZipped) headers.set("content-encoding", "gzip");
  return new Response(isZipped ? file.zipped : file.plain, { headers });
}

function toServed({ bytes, contentType, isDocument }: PageFile): Served {
  return {
    plain: bytes,
    zipped: Bun.gzipSync(bytes, { level: 9 }),
    etag: createHash("sha256").update(bytes).digest("base64url").slice(0, 22),
    contentType,
    isDocument,
  };
}

/** RFC 9110 §12.5.3, as far as it matters: named, or any, and not forbidden by a weight of zero. */
function acceptsGzip(header: string | null): boolean {
  for (const part of (header ?? "").toLowerCase().split(",")) {
    const [name = "", ...params] = part.split(";").map((one) => one.trim());
    if (name !== "gzip" && name !== "*") continue;
    return !params.some((one) => /^q=0(\.0*)?$/.test(one));
  }
  return false;
}
