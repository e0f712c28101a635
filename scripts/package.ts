/** Makes a .deb of a compiled binary; run by scripts/package. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { installedFiles } from "../src/cli/install/installed-files.ts";
import { PACKAGED } from "../src/cli/install/layout.ts";
import { createProgram } from "../src/cli/program.ts";
import { VERSION } from "../src/cli/version.ts";
import * as scripts from "./package-scripts.ts";
import { sourceEpoch } from "./source-epoch.ts";

const { values: options } = parseArgs({
  options: {
    arch: { type: "string", default: debianArch() },
    binary: { type: "string", default: "dist/haproxy-jwt" },
    version: { type: "string", default: VERSION },
    out: { type: "string", default: "dist" },
  },
});

const epoch = sourceEpoch();
const stage = mkdtempSync(join(tmpdir(), "haproxy-jwt-package-"));
try {
  const files = layOut();
  writeControl(files);
  const name = `haproxy-jwt_${options.version}_${options.arch}.deb`;
  mkdirSync(options.out, { recursive: true });
  execFileSync(
    "dpkg-deb",
    // One thread: how many there are must not show in the bytes.
    [
      "--root-owner-group",
      "-Zzstd",
      "-z9",
      "--threads-max=1",
      "--build",
      stage,
      join(options.out, name),
    ],
    { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, SOURCE_DATE_EPOCH: epoch } },
  );
  process.stdout.write(`${join(options.out, name)}\n`);
} finally {
  rmSync(stage, { recursive: true, force: true });
}

/** Writes the package's files; returns their paths in it and which are conffiles. */
function layOut(): readonly { readonly path: string; readonly isConfig: boolean }[] {
  chmodSync(stage, 0o755);
  const program = `${PACKAGED.binDir}/haproxy-jwt`;
  mkdirSync(dirname(join(stage, program)), { recursive: true });
  copyFileSync(options.binary, join(stage, program));
  chmodSync(join(stage, program), 0o755);
  const placed = [{ path: program, isConfig: false }];
  const put = (path: string, bytes: string | Uint8Array, isConfig = false) => {
    mkdirSync(dirname(join(stage, path)), { recursive: true });
    writeFileSync(join(stage, path), bytes);
    chmodSync(join(stage, path), 0o644);
    placed.push({ path, isConfig });
  };
  for (const { path, text, isConfig } of installedFiles(PACKAGED, createProgram(), VERSION)) {
    // Debian's policy §12.1: manual pages are compressed. No time in the gzip header.
    if (path.startsWith(PACKAGED.manDir)) put(`${path}.gz`, gzipSync(text, { level: 9 }));
    else put(path, text, isConfig);
  }
  const docs = "/usr/share/doc/haproxy-jwt";
  put(`${docs}/copyright`, readFileSync("LICENSE"));
  put(`${docs}/changelog.gz`, gzipSync(readFileSync("CHANGELOG.md"), { level: 9 }));
  return placed;
}

function writeControl(files: ReturnType<typeof layOut>): void {
  const control = join(stage, "DEBIAN");
  mkdirSync(control, { mode: 0o755 });
  const write = (name: string, text: string, mode = 0o644) => {
    writeFileSync(join(control, name), text);
    chmodSync(join(control, name), mode);
  };
  const sums: string[] = [];
  let bytes = 0;
  for (const { path } of files) {
    const content = readFileSync(join(stage, path));
    bytes += content.length;
    sums.push(`${createHash("md5").update(content).digest("hex")}  ${path.slice(1)}`);
  }
  const config = files.filter(({ isConfig }) => isConfig).map(({ path }) => path);
  write("control", scripts.control(options.version, options.arch, Math.ceil(bytes / 1024)));
  write("conffiles", `${config.join("\n")}\n`);
  write("md5sums", `${sums.join("\n")}\n`);
  write("postinst", scripts.POSTINST, 0o755);
  write("prerm", scripts.PRERM, 0o755);
  write("postrm", scripts.POSTRM, 0o755);
}

function debianArch(): string {
  return process.arch === "arm64" ? "arm64" : "amd64";
}
