/** Many small changes to a good token, from a seed that a failing run prints: all of them must be refused. */
import { splitToken } from "./mint.ts";

/** A source of numbers that a seed repeats (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A changed token and what was done to it. */
export interface Mutation {
  readonly what: string;
  readonly token: string;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * Changes a token in `count` ways. Each differs from it in at least one character that counts: where the last
 * character of a part has unused bits, the change is one that a strict reader refuses for just that.
 */
export function mutate(token: string, count: number, random: () => number): Mutation[] {
  const below = (n: number) => Math.floor(random() * n);
  const mutations: Mutation[] = [];
  while (mutations.length < count) {
    const mutation = pick(token, below);
    if (mutation.token !== token) mutations.push(mutation);
  }
  return mutations;
}

function pick(token: string, below: (n: number) => number): Mutation {
  const at = below(token.length);
  const parts = splitToken(token);
  const a = below(parts.length);
  const b = below(parts.length);
  switch (below(8)) {
    case 0:
      return { what: `character ${at} changed`, token: put(token, at, ALPHABET[below(64)] ?? "A") };
    case 1:
      return { what: `character ${at} left out`, token: token.slice(0, at) + token.slice(at + 1) };
    case 2:
      return { what: `a character put in at ${at}`, token: put(token, at, `A${token[at]}`) };
    case 3:
      return { what: `cut at ${at}`, token: token.slice(0, at) };
    case 4:
      return { what: `parts ${a} and ${b} exchanged`, token: exchange(parts, a, b).join(".") };
    case 5:
      return { what: `part ${a} left out`, token: parts.filter((_, i) => i !== a).join(".") };
    case 6:
      return { what: `part ${a} emptied`, token: parts.with(a, "").join(".") };
    default:
      return {
        what: `part ${a} put in the place of ${b}`,
        token: parts.with(b, parts[a] ?? "").join("."),
      };
  }
}

function put(text: string, at: number, what: string): string {
  return text.slice(0, at) + what + text.slice(at + 1);
}

function exchange(parts: readonly string[], a: number, b: number): string[] {
  return parts.with(a, parts[b] ?? "").with(b, parts[a] ?? "");
}
