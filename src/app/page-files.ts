/** The admin page's files: carried by the compiled program; bundled in memory where the sources run as they are. */
import { basename, join } from "node:path";
import page from "../admin-ui/index.html";
import type { PageFile } from "../http/admin-page.ts";

/** Reads the files. @throws Error when the sources cannot be bundled */
export async function readPageFiles(): Promise<readonly PageFile[]> {
  const { files } = page;
  if (files === undefined) return bundle();
  return Promise.all(
    files.map(async ({ path, headers }) =>
      toFile(path, headers["content-type"], await Bun.file(path).arrayBuffer()),
    ),
  );
}

async function bundle(): Promise<readonly PageFile[]> {
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dir, "..", "admin-ui", "index.html")],
    target: "browser",
    minify: true,
    publicPath: "/",
    naming: "[name]-[hash].[ext]",
  });
  return Promise.all(
    outputs.map(async (output) => toFile(output.path, output.type, await output.arrayBuffer())),
  );
}

function toFile(path: string, contentType: string, bytes: ArrayBuffer): PageFile {
  return {
    path: `/${basename(path)}`,
    contentType,
    bytes: new Uint8Array(bytes),
    isDocument: contentType.startsWith("text/html"),
  };
}
