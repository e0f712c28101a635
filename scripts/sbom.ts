/** Prints the software bill of materials (CycloneDX 1.6) of what is inside the binary: from bun.lock, not from a guess. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import packageJson from "../package.json" with { type: "json" };
import { sourceEpoch } from "./source-epoch.ts";

/** One package of bun.lock: name@version, what it needs, and the hash of its archive. */
interface Locked {
  readonly name: string;
  readonly version: string;
  readonly needs: readonly string[];
  readonly integrity: string;
}

const locked = parseLock(readFileSync("bun.lock", "utf8"));
const inside = closure(Object.keys(packageJson.dependencies));
const root = `pkg:generic/haproxy-jwt@${packageJson.version}`;
const runtime = {
  type: "platform",
  "bom-ref": `pkg:npm/bun@${packageJson.engines.bun}`,
  name: "bun",
  version: packageJson.engines.bun,
  purl: `pkg:npm/bun@${packageJson.engines.bun}`,
  licenses: [{ license: { id: "MIT" } }],
};
const components = [runtime, ...inside.map(toComponent)];
const bom = {
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  serialNumber: toSerial(JSON.stringify(components)),
  version: 1,
  metadata: {
    timestamp: new Date(Number(sourceEpoch()) * 1000).toISOString(),
    component: {
      type: "application",
      "bom-ref": root,
      name: packageJson.name,
      version: packageJson.version,
      licenses: [{ license: { id: packageJson.license } }],
    },
  },
  components,
  dependencies: [
    {
      ref: root,
      dependsOn: [runtime["bom-ref"], ...toRefs(Object.keys(packageJson.dependencies))],
    },
    { ref: runtime["bom-ref"], dependsOn: [] },
    ...inside.map((one) => ({ ref: toPurl(one), dependsOn: toRefs(one.needs) })),
  ],
};
process.stdout.write(`${JSON.stringify(bom, null, 2)}\n`);

/** What the program's own packages need, and what those need, each once, by name. */
function closure(names: readonly string[]): readonly Locked[] {
  const found = new Map<string, Locked>();
  const add = (name: string): void => {
    const one = locked.get(name);
    // What was not installed is not inside.
    if (one === undefined || found.has(name)) return;
    found.set(name, one);
    one.needs.forEach(add);
  };
  names.forEach(add);
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function parseLock(text: string): ReadonlyMap<string, Locked> {
  const lock: unknown = Bun.JSONC.parse(text);
  const packages = toMembers(toMembers(lock).get("packages"));
  return new Map([...packages].map(([key, entry]) => [key, parseEntry(entry)]));
}

/** `["name@version", "", { dependencies, peerDependencies }, "sha512-…"]` */
function parseEntry(entry: unknown): Locked {
  const [id, , details, integrity]: readonly unknown[] = Array.isArray(entry) ? entry : [];
  const at = typeof id === "string" ? id.lastIndexOf("@") : -1;
  if (typeof id !== "string" || at < 1 || typeof integrity !== "string") {
    throw new Error("bun.lock has an entry that cannot be read");
  }
  const members = toMembers(details);
  const peers = members.get("optionalPeers");
  // Installed perhaps for another reason; the program does not ask for it.
  const optional: readonly unknown[] = Array.isArray(peers) ? peers : [];
  return {
    name: id.slice(0, at),
    version: id.slice(at + 1),
    needs: ["dependencies", "peerDependencies"]
      .flatMap((kind) => [...toMembers(members.get(kind)).keys()])
      .filter((name) => !optional.includes(name)),
    integrity,
  };
}

function toMembers(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
}

function toComponent(one: Locked) {
  const [algorithm = "", digest = ""] = one.integrity.split("-");
  return {
    type: "library",
    "bom-ref": toPurl(one),
    name: one.name,
    version: one.version,
    purl: toPurl(one),
    hashes: [
      {
        alg: algorithm.toUpperCase().replace("SHA", "SHA-"),
        content: Buffer.from(digest, "base64").toString("hex"),
      },
    ],
    licenses: [{ license: { id: licenseOf(one.name) } }],
  };
}

function licenseOf(name: string): string {
  const { license } = parseLicense(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  return license;
}

function parseLicense(text: string): { readonly license: string } {
  const license = toMembers(JSON.parse(text)).get("license");
  if (typeof license !== "string") throw new Error("a package names no licence");
  return { license };
}

function toRefs(names: readonly string[]): readonly string[] {
  return inside.filter(({ name }) => names.includes(name)).map(toPurl);
}

function toPurl({ name, version }: Pick<Locked, "name" | "version">): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

/** A UUID (version 8: by content) that the same components always have. */
function toSerial(content: string): string {
  const hex = createHash("sha256").update(content).digest("hex");
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
  ];
  return `urn:uuid:${[...parts, hex.slice(20, 32)].join("-")}`;
}
