/** Which tests a test file declares and runs, read from its formatted text. */

/** What is not run on every machine: skipped, still to be written, or only under a condition. */
const LEFT_OUT = /^\s*(?:describe|test)\.(?:skip|todo|only|failing|if|skipIf|todoIf)\b/;
/** Public vectors may be absent; the suite is complete without them (vectors.ts). */
const WITH_VECTORS = "skipIf(vectorFolder() === undefined)";
/** The title behind `test(`, or behind the rows of a `test.each(…)`. */
const TITLE = /\btest(?:\.each\([^]*?\))?\(\s*(["'`])((?:\\.|(?!\1)[^\\])*)\1,/g;

/** The titles of the tests that always run, as they are written. */
export function titlesIn(text: string): readonly string[] {
  return [...withoutLeftOut(text).matchAll(TITLE)].map(([, , title = ""]) => title);
}

/** Drops each block that may not run: from its first line to the next that is indented no further, its last. */
function withoutLeftOut(text: string): string {
  const kept: string[] = [];
  let depth: number | undefined;
  for (const line of text.split("\n")) {
    const indent = line.search(/\S/);
    if (depth !== undefined && (indent < 0 || indent > depth || /^\s*[)\]}]/.test(line))) {
      if (/^\s*\}?\);$|\}, [\d_]+\);$/.test(line) && indent === depth) depth = undefined;
      continue;
    }
    depth = LEFT_OUT.test(line) && !line.includes(WITH_VECTORS) ? indent : undefined;
    if (depth === undefined) kept.push(line);
  }
  return kept.join("\n");
}
