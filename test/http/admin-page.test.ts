/** The page's files over HTTP: documents for screens, assets under their names, nothing else. */
import { describe, expect, test } from "bun:test";
import { createAdminPage, type PageFile } from "../../src/http/admin-page.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const FILES: readonly PageFile[] = [
  {
    path: "/index-1.html",
    contentType: "text/html;charset=utf-8",
    bytes: encode("<p>page</p>"),
    isDocument: true,
  },
  {
    path: "/chunk-2.js",
    contentType: "text/javascript;charset=utf-8",
    bytes: encode("run();".repeat(50)),
    isDocument: false,
  },
];

const ask = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  createAdminPage(FILES)(new Request(`http://127.0.0.1${path}`, { headers }), path);

describe("the page's documents", () => {
  test.each([
    "/",
    "/revoke",
    "/revoke/block",
    "/rules",
    "/rules/12",
    "/audit",
    "/people",
    "/account",
  ])("answers %s with the document, kept by nobody", async (path) => {
    const response = ask(path);
    expect(response?.status).toBe(200);
    expect(response?.headers.get("cache-control")).toBe("no-store");
    expect(response?.headers.get("content-type")).toBe("text/html;charset=utf-8");
    expect(await response?.text()).toBe("<p>page</p>");
  });

  test.each([
    "/index-1.html",
    "/robots.txt",
    "/rules/../../etc/passwd",
    "/rules/secret.db",
    "/constructor",
    "/__proto__",
    "/api",
    "//evil.test",
    "/chunk-2.js/x",
  ])("has nothing at %s", (path) => {
    expect(ask(path)).toBeUndefined();
  });
});

describe("the page's assets", () => {
  test("may be kept for good and are named by their content", async () => {
    const response = ask("/chunk-2.js");
    expect(response?.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(response?.headers.get("etag")).toMatch(/^"[\w-]{22}"$/);
    expect(response?.headers.get("content-encoding")).toBeNull();
    expect(await response?.text()).toStartWith("run();");
  });

  test.each([
    ["gzip", true],
    ["br, gzip;q=0.5", true],
    ["*", true],
    ["gzip;q=0", false],
    ["gzip;q=0.000", false],
    ["br", false],
    ["identity", false],
  ])("come compressed for accept-encoding: %s – %p", async (encoding, isZipped) => {
    const response = ask("/chunk-2.js", { "accept-encoding": encoding });
    expect(response?.headers.get("content-encoding")).toBe(isZipped ? "gzip" : null);
    expect(response?.headers.get("vary")).toBe("accept-encoding");
    const bytes = new Uint8Array((await response?.arrayBuffer()) ?? new ArrayBuffer());
    const text = new TextDecoder().decode(isZipped ? Bun.gunzipSync(bytes) : bytes);
    expect(text).toStartWith("run();");
  });

  test("are not sent again to who has them, in the encoding he has", () => {
    const etag = ask("/chunk-2.js", { "accept-encoding": "gzip" })?.headers.get("etag") ?? "";
    const again = { "if-none-match": `"other", W/${etag}` };
    expect(ask("/chunk-2.js", { ...again, "accept-encoding": "gzip" })?.status).toBe(304);
    expect(ask("/chunk-2.js", again)?.status).toBe(200);
  });
});
