import { beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../../package.json" with { type: "json" };
import { ROOT } from "../../helpers/appliance.ts";

const isFull = process.env["FULL"] !== undefined;
const OUT = join(ROOT, "dist/release");

/** e_machine (ELF header, offset 18), and the loader that each C library has. */
const BINARIES = [
  ["haproxy-jwt-linux-x64", 62, "/lib64/ld-linux-x86-64.so.2"],
  ["haproxy-jwt-linux-arm64", 183, "/lib/ld-linux-aarch64.so.1"],
  ["haproxy-jwt-linux-x64-musl", 62, "/lib/ld-musl-x86_64.so.1"],
  ["haproxy-jwt-linux-arm64-musl", 183, "/lib/ld-musl-aarch64.so.1"],
] as const;

async function run(...command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], {
    cwd: ROOT,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`${command.join(" ")}: exit ${code}\n${stderr.slice(-2000)}`);
  return stdout;
}

interface Bom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly serialNumber: string;
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly "bom-ref": string;
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

describe("the bill of materials", () => {
  let text: string;
  let bom: Bom;
  beforeAll(async () => {
    text = await run(process.execPath, "scripts/sbom.ts");
    bom = JSON.parse(text) as Bom;
  });

  test("is CycloneDX, with the runtime and every package that the program imports", () => {
    expect([bom.bomFormat, bom.specVersion]).toEqual(["CycloneDX", "1.6"]);
    expect(bom.serialNumber).toMatch(/^urn:uuid:[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    const names = bom.components.map(({ name }) => name);
    for (const name of ["bun", ...Object.keys(packageJson.dependencies)]) {
      expect(names).toContain(name);
    }
  });

  test("leaves out what only development needs", () => {
    const names = new Set(bom.components.map(({ name }) => name));
    for (const name of Object.keys(packageJson.devDependencies)) expect(names).not.toContain(name);
  });

  test("has the versions that are installed, and a hash of each archive", () => {
    for (const { name, version, hashes } of bom.components.filter((one) => one.name !== "bun")) {
      const installed = JSON.parse(
        readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8"),
      ) as { version: string };
      expect([name, version]).toEqual([name, installed.version]);
      expect(hashes?.[0]).toMatchObject({ alg: "SHA-512" });
      expect(hashes?.[0]?.content).toMatch(/^[\da-f]{128}$/);
    }
  });

  test("refers only to what it holds", () => {
    const refs = new Set(bom.dependencies.map(({ ref }) => ref));
    for (const component of bom.components) expect(refs).toContain(component["bom-ref"]);
    for (const { dependsOn } of bom.dependencies)
      for (const ref of dependsOn) expect(refs).toContain(ref);
  });

  test("is the same when it is made again", async () => {
    expect(await run(process.execPath, "scripts/sbom.ts")).toBe(text);
  });
});

describe.if(isFull)("a release", () => {
  let first: string;
  beforeAll(async () => {
    await run("scripts/release");
    first = readFileSync(join(OUT, "SHA256SUMS"), "utf8");
  }, 600_000);

  for (const [name, machine, loader] of BINARIES) {
    test(`${name} is for its machine and C library`, () => {
      const head = readFileSync(join(OUT, name)).subarray(0, 4096);
      expect(head.toString("latin1", 0, 4)).toBe("\x7fELF");
      expect(head.readUInt16LE(18)).toBe(machine);
      expect(head.toString("latin1")).toContain(loader);
    });
  }

  test("x64 runs", async () => {
    expect(await run(join(OUT, "haproxy-jwt-linux-x64"), "version")).toContain(packageJson.version);
  });

  test("has a checksum of everything, and the right one", () => {
    const sums = new Map(
      first
        .trim()
        .split("\n")
        .map((line) => line.split("  ").toReversed() as [string, string]),
    );
    const files = readdirSync(OUT).filter((name) => name !== "SHA256SUMS");
    expect([...sums.keys()].toSorted()).toEqual(files.toSorted());
    for (const name of files) {
      const hash = createHash("sha256")
        .update(readFileSync(join(OUT, name)))
        .digest("hex");
      expect(sums.get(name)).toBe(hash);
    }
  });

  test("has the same bytes when it is made again", async () => {
    await run("scripts/release");
    expect(readFileSync(join(OUT, "SHA256SUMS"), "utf8")).toBe(first);
  }, 600_000);
});
