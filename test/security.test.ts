/** SECURITY.md says which test keeps which promise: that each is named, exists, and has its positive controls. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");
const SECURITY = readFileSync(join(ROOT, "SECURITY.md"), "utf8");
const HAS_CLUSTER = existsSync(join(ROOT, "test", "e2e", "cluster"));
const PROMISES = Array.from({ length: 17 }, (_, n) => `P${n + 1}`).filter(
  (name) => name !== "P14" || HAS_CLUSTER,
);

/** The rows of the table below a heading: what is in each cell. */
function rowsBelow(heading: string): readonly (readonly string[])[] {
  const [, section = ""] = SECURITY.split(`\n## ${heading}\n`);
  const [body = ""] = section.split("\n## ");
  return body
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(2)
    .map((line) => line.split(" | ").map((cell) => cell.replaceAll(/^\| | \|$/g, "")));
}

/** The paths that a text names, those with a star once for each file that fits. */
function pathsIn(text: string): readonly string[] {
  const named = [...text.matchAll(/`((?:test|scripts)\/[^`]*)`/g)].map(([, path]) => path ?? "");
  return named.flatMap((path) =>
    path.includes("*") ? [...new Bun.Glob(path).scanSync(ROOT)] : [path],
  );
}

/** The test files at a path: itself, or those below it. */
function testsAt(path: string): readonly string[] {
  const full = join(ROOT, path);
  if (!statSync(full).isDirectory()) return [path];
  return readdirSync(full, { recursive: true })
    .map((name) => join(path, String(name)))
    .filter((name) => name.endsWith(".test.ts"));
}

describe("SECURITY.md", () => {
  const promises = rowsBelow("Promises, and the tests that keep them");
  const attacks = rowsBelow("Attacks, and the tests that try them");

  test("names nothing that is not there", () => {
    const named = [...SECURITY.matchAll(/`((?:test|scripts|src|lua|haproxy)\/[^`*]*)`/g)];
    const missing = named
      .map(([, path]) => path ?? "")
      .filter((path) => !existsSync(join(ROOT, path)));
    expect(missing).toEqual([]);
    expect(named.length).toBeGreaterThan(50);
  });

  test.each(PROMISES)("says what keeps %s", (name) => {
    const row = promises.find(([promise = ""]) => promise.startsWith(`${name} `));
    const paths = pathsIn(row?.[1] ?? "");
    expect(paths).not.toBeEmpty();
    const tests = paths.flatMap(testsAt).filter((path) => path.endsWith(".test.ts"));
    expect(tests.length > 0 || paths.includes("scripts/test-matrix")).toBe(true);
    const declares = /\b(test|test\.each|describe\w*)\(/;
    const idle = tests.filter((path) => !declares.test(readFileSync(join(ROOT, path), "utf8")));
    expect(idle).toEqual([]);
  });

  test.each(attacks.map(([attack = "", tried = ""]) => [attack, tried] as const))(
    "says what tries %s, with its positive control",
    (_, tried) => {
      const paths = pathsIn(tried).filter((path) => path.startsWith("test/e2e/"));
      expect(paths).not.toBeEmpty();
      // A verdict that says valid, in one of the ways that tests expect one.
      const hasControl = /\bexpectValid\(|\bcontrols: |"1"/;
      for (const path of paths) {
        expect(hasControl.test(readFileSync(join(ROOT, path), "utf8"))).toBe(true);
      }
    },
  );

  test("leaves out no file of attacks", () => {
    const named = new Set(attacks.flatMap(([, tried = ""]) => pathsIn(tried)));
    const all = ["test/e2e/attacks", "test/e2e/spoofing"].flatMap(testsAt);
    expect(all.filter((path) => !named.has(path))).toEqual([]);
    expect(all.length).toBeGreaterThan(20);
  });
});
