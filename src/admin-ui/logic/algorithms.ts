/** Writes the algorithms of keys shortly. */

/** "RS256–512" for a family in full, never broken over two lines; else each by its name. */
export function familyOf(algorithms: readonly string[]): string {
  const families = new Map<string, string[]>();
  for (const name of algorithms) {
    const [, family = name, size = ""] = /^([A-Z]{2})(\d{3})$/.exec(name) ?? [];
    families.set(family, [...(families.get(family) ?? []), size]);
  }
  return [...families]
    .map(([family, sizes]) =>
      sizes.length === 3
        ? `${family}256\u2060–\u2060512`
        : sizes.map((size) => `${family}${size}`).join(" "),
    )
    .join(" ");
}

/** "RS256 ×2, ES256": what a source's keys are for, each kind once. */
export function countAlgorithms(
  keys: readonly { readonly algorithms: readonly string[] }[],
): string {
  const counts = new Map<string, number>();
  for (const { algorithms } of keys) {
    const name = familyOf(algorithms);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  if (counts.size === 0) return "none";
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} ×${count}`)).join(", ");
}
