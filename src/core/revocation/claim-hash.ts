/**
 * 32-bit keys of "this claim has this value", from a rule's side and from a token's. Only a way to
 * find candidates: every hit is confirmed by evaluating the rule. Stored, so a change of the
 * function needs a new ENTRY_VERSION.
 */
import type { JsonObject, JsonValue } from "../json.ts";
import type { Scalar } from "./compare.ts";
import { isJsonObject, numberText } from "./json-text.ts";

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;
const DOT = 0x2e;

/** The hash of a path of names; undefined for the claim set itself, the path of no names. */
export type PathHash = number | undefined;

function mixText(hash: number, text: string): number {
  let h = hash;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), PRIME);
  return h;
}

/**
 * The hash of a path one name longer. A dotted name and the same names nested hash alike, because a
 * rule's dotted name may lead either way.
 */
export function extendPath(hash: PathHash, name: string): number {
  return mixText(hash === undefined ? OFFSET : Math.imul(hash ^ DOT, PRIME), name);
}

/** murmur3's final mixing: without it the low bits of short texts cluster. */
function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function mixNumber(hash: number, value: number | bigint): number {
  if (Number.isSafeInteger(value) && typeof value === "number") {
    const low = Math.imul(hash ^ 0x6e ^ (value >>> 0), PRIME);
    return Math.imul(low ^ Math.floor(value / 0x1_0000_0000), PRIME);
  }
  // One value, one text, whichever way it is held: 1e20 and 100000000000000000000 are equal.
  const text = Number.isInteger(value)
    ? BigInt(value).toString()
    : (numberText(value) ?? "overflow");
  return mixText(hash ^ 0x6e, text);
}

/** The key of a path having a value: an unsigned 32-bit number. Equal values have equal keys. */
export function claimKey(path: number, value: Scalar): number {
  const typed = Math.imul(path, PRIME);
  if (typeof value === "string") return finish(mixText(typed ^ 0x73, value));
  if (typeof value === "boolean") return finish(typed ^ (value ? 0x74 : 0x66));
  if (value === null) return finish(typed ^ 0x7a);
  return finish(mixNumber(typed, value));
}

/** Collects the keys of a token's claims into one array that is used again for the next token. */
export class ClaimKeys {
  #keys = new Uint32Array(256);
  #count = 0;
  #paths: ReadonlySet<number> = new Set();

  get count(): number {
    return this.#count;
  }

  /** Only the first `count` are of this token. */
  get keys(): Uint32Array {
    return this.#keys;
  }

  /**
   * One key for each member, at any depth, that a rule can compare with; costs the token's size.
   * @param paths hashes of the paths that rules are filed by; the others are left out
   */
  collect(claims: JsonObject, paths: ReadonlySet<number>): void {
    this.#count = 0;
    this.#paths = paths;
    this.#walk(claims, undefined);
  }

  #walk(object: JsonObject, path: PathHash): void {
    for (const [name, value] of object) this.#add(extendPath(path, name), value);
  }

  #add(path: number, value: JsonValue): void {
    if (isJsonObject(value)) this.#walk(value, path);
    else if ((value === null || typeof value !== "object") && this.#paths.has(path)) {
      this.#push(claimKey(path, value));
    }
  }

  #push(key: number): void {
    if (this.#count === this.#keys.length) {
      const longer = new Uint32Array(this.#keys.length * 2);
      longer.set(this.#keys);
      this.#keys = longer;
    }
    this.#keys[this.#count++] = key;
  }
}
