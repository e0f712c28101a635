/** Writes the README's generated tables between their markers; run by scripts/reference. */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { haproxySettings, shippedSettings } from "./reference-lua.ts";
import * as sections from "./reference-sections.ts";

const README = "README.md";

/** What stands between `<!-- name:begin -->` and `<!-- name:end -->`. */
const SECTIONS: ReadonlyMap<string, () => string> = new Map([
  ["settings", sections.settings],
  ["lua-settings", haproxySettings],
  ["cfg-settings", shippedSettings],
  ["algorithms", sections.algorithms],
  ["commands", sections.commands],
  ["exit-codes", sections.exitCodes],
  ["files", sections.files],
  ["metrics", sections.metrics],
]);

const { values: options } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const before = readFileSync(README, "utf8");
let after = before;
const missing: string[] = [];
for (const [name, write] of SECTIONS) {
  const pattern = new RegExp(`(<!-- ${name}:begin -->\n)[^]*?(<!-- ${name}:end -->)`);
  if (!pattern.test(after)) missing.push(name);
  const text = write();
  after = after.replace(pattern, (_, begin: string, end: string) => `${begin}\n${text}\n${end}`);
}
for (const name of missing) process.stderr.write(`${README} has no place for ${name}\n`);
if (options.check && after !== before) {
  process.stderr.write(
    `${README}'s tables are not what the code declares: run scripts/reference\n`,
  );
}
if (!options.check && after !== before) writeFileSync(README, after);
process.exitCode = missing.length > 0 || (options.check && after !== before) ? 1 : 0;
