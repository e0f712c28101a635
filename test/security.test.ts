/** SECURITY.md says which test keeps which promise: that each is named, exists, and has its positive controls. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { titlesIn } from "./helpers/declared-tests.ts";

const ROOT = join(import.meta.dir, "..");
const SECURITY = readFileSync(join(ROOT, "SECURITY.md"), "utf8");
const HAS_CLUSTER = existsSync(join(ROOT, "test", "e2e", "cluster"));
const PROMISES = Array.from({ length: 17 }, (_, n) => `P${n + 1}`).filter(
  (name) => name !== "P14" || HAS_CLUSTER,
);

/** A table of attacks, which runs; and any other shared suite. */
const SUITE = /^describeAttacks\(/m;
const SHARED_SUITE = /^ *describe[A-Z]\w*\(/m;

/** Where the attacks are no table: the test that shows what must be accepted beside them, by its title. */
const CONTROLS = new Map([
  ["test/e2e/attacks/authorization.test.ts", "accepts %s"],
  ["test/e2e/attacks/cache.test.ts", "gives each of many tokens its own claims"],
  [
    "test/e2e/claims/largest-tokens.test.ts",
    "is accepted at that length, new and known, with all its claims as %s",
  ],
  [
    "test/e2e/claims/overflow.test.ts",
    "arrive whole, or are refused with nothing of them: a new token",
  ],
  [
    "test/e2e/claims/together.test.ts",
    "carry the claims and set their variables, all of them, with %s",
  ],
  [
    "test/e2e/claims/variables.test.ts",
    "say what the headers say, for a valid token, new and known",
  ],
  [
    "test/e2e/decryption-timing.test.ts",
    "says the same and takes the same time, whatever was wrong",
  ],
  [
    "test/e2e/faults/clock-steps.test.ts",
    "$name and back brings nothing back, and all is well in seconds",
  ],
  [
    "test/e2e/faults/slow-questions.test.ts",
    "are answered as nobody's, and the server is not away for others",
  ],
  ["test/e2e/flood.test.ts", "leave both at work"],
  ["test/e2e/interrupted.test.ts", "are each one's own, %d instructions at a time"],
  ["test/e2e/keys/issuer-table-sources.test.ts", "by %s verify its tokens, under the common rules"],
  ["test/e2e/keys/issuer-tables.test.ts", "accept what the rules of $iss want"],
  ["test/e2e/keys/issuers.test.ts", "verify their own issuer's tokens, also under one kid"],
  ["test/e2e/rules-seed.test.ts", "revoke $row.name"],
  ["test/e2e/slow-drip.test.ts", "keep no good user waiting, and are sent away (target %p)"],
  ["test/e2e/sources.test.ts", "is accepted from %s"],
  ["test/e2e/spoofing/client-abort.test.ts", "is judged like anybody while it stays"],
  [
    "test/e2e/spoofing/connection-and-trailers.test.ts",
    "Connection with names that are not ours passes",
  ],
  [
    "test/e2e/spoofing/lua-failure.test.ts",
    "works while nothing is injected, over HTTP/1 and HTTP/2",
  ],
  [
    "test/e2e/spoofing/malformed-requests.test.ts",
    "are refused for what they are: the same over clean HTTP arrives, and is valid",
  ],
  [
    "test/e2e/spoofing/spellings.test.ts",
    "are delivered when they are not ours, whatever they look like",
  ],
  ["test/e2e/spoofing/tunnels.test.ts", "carry a WebSocket both ways, asked for as %p"],
  ["test/e2e/vectors.test.ts", "their keys verify tokens with claims"],
]);

/** Whether a file has a test that runs wherever the suite does. */
function isRun(text: string): boolean {
  return SUITE.test(text) || SHARED_SUITE.test(text) || titlesIn(text).length > 0;
}

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
    expect(tests.filter((path) => !isRun(readFileSync(join(ROOT, path), "utf8")))).toEqual([]);
  });

  test.each(attacks.map(([attack = "", tried = ""]) => [attack, tried] as const))(
    "says what tries %s, with its positive control",
    (_, tried) => {
      const paths = pathsIn(tried).filter((path) => path.startsWith("test/e2e/"));
      expect(paths).not.toBeEmpty();
      for (const path of paths) {
        const text = readFileSync(join(ROOT, path), "utf8");
        const control = CONTROLS.get(path);
        // A table of attacks is declared only together with its controls (attack-suite.ts).
        if (control === undefined) expect([path, SUITE.test(text)]).toEqual([path, true]);
        else expect(titlesIn(text)).toContain(control);
      }
    },
  );

  test("leaves out no file of attacks", () => {
    const named = new Set(attacks.flatMap(([, tried = ""]) => pathsIn(tried)));
    const all = ["test/e2e/attacks", "test/e2e/spoofing"].flatMap(testsAt);
    expect([...CONTROLS.keys()].filter((path) => !named.has(path))).toEqual([]);
    expect(all.filter((path) => !named.has(path))).toEqual([]);
    expect(all.length).toBeGreaterThan(20);
  });
});
