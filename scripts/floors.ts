/**
 * Holds the table of who may import whom: arrows point down only, and each
 * technology has one folder that knows it.
 *
 * Run by scripts/gates; prints every breach and exits 1 when there is one.
 */
import { Glob } from "bun";

/** Folder of src → the folders and bare packages it may import. */
const FLOORS: Readonly<Record<string, { inside: readonly string[]; packages: readonly string[] }>> =
  {
    core: {
      inside: ["core"],
      packages: ["jose", "lru-cache", "re2js", "node:crypto"],
    },
    config: { inside: ["core", "config"], packages: ["node:fs", "node:net", "node:path"] },
    sqlite: {
      inside: ["core", "account-name", "sqlite"],
      packages: ["bun:sqlite", "node:fs", "node:path"],
    },
    redis: { inside: ["core", "redis"], packages: ["ioredis"] },
    postgres: {
      inside: ["core", "postgres"],
      packages: ["bun", "node:crypto"],
    },
    jwks: {
      inside: ["core", "jwks"],
      packages: ["jose", "node:fs/promises", "node:path", "node:crypto"],
    },
    http: {
      inside: ["core", "http"],
      packages: ["elysia", "@sinclair/typebox", "node:crypto", "node:fs", "bun"],
    },
    "account-name": { inside: ["account-name"], packages: ["node:fs"] },
    log: { inside: ["log"], packages: [] },
    metrics: { inside: ["core", "metrics"], packages: ["prom-client"] },
    systemd: { inside: ["systemd"], packages: ["bun:ffi"] },
    "admin-ui": { inside: ["admin-ui"], packages: ["preact", "@preact/signals"] },
    app: {
      // Of the page it takes the bundle's list of files (admin-ui/index.html), nothing else.
      inside: [
        "core",
        "config",
        "sqlite",
        "postgres",
        "redis",
        "jwks",
        "http",
        "log",
        "metrics",
        "admin-ui",
        "app",
      ],
      packages: ["node:"],
    },
    cli: {
      inside: ["core", "config", "app", "account-name", "log", "systemd", "cli"],
      packages: ["commander", "node:", "bun"],
    },
    main: { inside: ["cli", "main"], packages: ["node:"] },
  };

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^"';]*?from\s+"([^"]+)"|(?:^|\n)\s*import\s+"([^"]+)"/g;

/** The floor a path under src belongs to: its first folder, or its own name at the top. */
function floorOf(path: string): string {
  const first = path.split("/")[0] ?? path;
  return first.replace(/\.(tsx?|html)$/, "");
}

/** Names one file's breaches of the table, a line each. */
function breachesOf(path: string, text: string): string[] {
  const floor = floorOf(path);
  const table = FLOORS[floor];
  if (table === undefined) return [`src/${path}: no floor is declared for it`];
  const found: string[] = [];
  for (const match of text.matchAll(IMPORT)) {
    const target = match[1] ?? match[2] ?? "";
    if (target.startsWith(".")) {
      const resolved = new URL(target, `file:///${path}`).pathname.slice(1);
      // The version stands in package.json, outside of all floors.
      if (resolved === "package.json") continue;
      if (!table.inside.includes(floorOf(resolved))) {
        found.push(`src/${path}: ${floor} may not import src/${resolved}`);
      }
    } else if (
      !table.packages.some(
        (p) =>
          target === p || (p.endsWith(":") && target.startsWith(p)) || target.startsWith(`${p}/`),
      )
    ) {
      found.push(`src/${path}: ${floor} may not import ${target}`);
    }
  }
  return found;
}

const breaches: string[] = [];
for await (const path of new Glob("**/*.{ts,tsx}").scan("src")) {
  breaches.push(...breachesOf(path, await Bun.file(`src/${path}`).text()));
}
for (const line of breaches.toSorted()) process.stderr.write(`${line}\n`);
process.exit(breaches.length === 0 ? 0 : 1);
