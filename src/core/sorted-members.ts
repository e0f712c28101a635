/**
 * The members of a large object, found by comparing names alone. A Map finds them by an unkeyed hash, and
 * whoever writes the text can choose names whose hash is one: each is then compared with all before it.
 */

/** Names in their order, and which of them comes when they are sorted. */
class SortedNames {
  readonly inOrder: readonly string[];
  readonly #sorted: Uint32Array;

  constructor(inOrder: readonly string[]) {
    this.inOrder = inOrder;
    this.#sorted = Uint32Array.from(inOrder, (_, position) => position).toSorted(
      (one, other) => compare(this.#name(one), this.#name(other)) || one - other,
    );
  }

  /** Where a name stands that stood before already; undefined where each is there once. */
  repeated(): number | undefined {
    return this.#sorted.find(
      (position, at) => at > 0 && this.#name(this.#sorted[at - 1] ?? 0) === this.#name(position),
    );
  }

  /** Where the name stands, or undefined. */
  find(name: string): number | undefined {
    let low = 0;
    let high = this.#sorted.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const position = this.#sorted[middle] ?? 0;
      const order = compare(this.#name(position), name);
      if (order === 0) return position;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  #name(position: number): string {
    return this.inOrder[position] ?? "";
  }
}

/** By UTF-16 units, which no locale changes. */
function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** A map that is made whole and never changed; it goes through its members in the order it was given. */
export class SortedMembers<T> implements ReadonlyMap<string, T> {
  readonly #names: SortedNames;
  readonly #values: readonly T[];

  private constructor(names: SortedNames, values: readonly T[]) {
    this.#names = names;
    this.#values = values;
  }

  /** The members, or the position of a name that stood before already. One value for each name. */
  static of<T>(names: readonly string[], values: readonly T[]): SortedMembers<T> | number {
    const sorted = new SortedNames(names);
    return sorted.repeated() ?? new SortedMembers(sorted, values);
  }

  /** The same names with other values. */
  withValues<U>(values: readonly U[]): SortedMembers<U> {
    return new SortedMembers(this.#names, values);
  }

  get size(): number {
    return this.#names.inOrder.length;
  }

  has(name: string): boolean {
    return this.#names.find(name) !== undefined;
  }

  get(name: string): T | undefined {
    const position = this.#names.find(name);
    return position === undefined ? undefined : this.#values[position];
  }

  keys(): MapIterator<string> {
    return this.#names.inOrder.values();
  }

  values(): MapIterator<T> {
    return this.#values.values();
  }

  *entries(): MapIterator<[string, T]> {
    for (const [position, name] of this.#names.inOrder.entries()) {
      yield [name, this.#values[position] as T];
    }
  }

  [Symbol.iterator](): MapIterator<[string, T]> {
    return this.entries();
  }

  forEach(visit: (value: T, name: string, members: ReadonlyMap<string, T>) => void): void {
    for (const [name, value] of this) visit(value, name, this);
  }
}
