/** What commands print: one JSON line for programs; sentences and aligned tables for people. */

/** Prints one JSON text on a line of its own. */
export function printJson(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints a line for people. */
export function print(line: string): void {
  process.stdout.write(`${toSafe(line)}\n`);
}

/** Prints a remark that is not the result. */
export function remark(line: string): void {
  process.stderr.write(`${toSafe(line)}\n`);
}

/**
 * Prints rows in aligned columns under a head. On a terminal a row is one line: the last column, which
 * holds the longest texts, is cut off at the edge.
 */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const cells = [head, ...rows].map((row) => row.map(toSafe));
  const widths = head.map((_, column) =>
    Math.max(...cells.map((row) => Bun.stringWidth(row[column] ?? ""))),
  );
  // A terminal that does not know its width says 0.
  const edge = (process.stdout.isTTY && process.stdout.columns) || Number.POSITIVE_INFINITY;
  for (const row of cells) {
    const line = row.map(
      (cell, column) => cell + " ".repeat((widths[column] ?? 0) - Bun.stringWidth(cell)),
    );
    process.stdout.write(`${cutAt(line.join("  ").trimEnd(), edge)}\n`);
  }
}

function cutAt(line: string, edge: number): string {
  if (Bun.stringWidth(line) <= edge) return line;
  return `${line.slice(0, Math.max(0, edge - 1))}…`;
}

/** What others wrote must not steer a terminal: control characters become visible. */
export function toSafe(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** A number with its word: `1 line`, `2 lines`. */
export function countOf(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A moment as people read it, in UTC: `2026-11-23 17:51:42 UTC`. */
export function toTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return String(seconds);
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A duration in its largest unit: `12 s`, `3 min`, `5 h`, `2 d`. */
export function toAge(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
