/** Parsers of setting values: text in, typed value out, or a problem in words. */

import { isIP } from "node:net";

/** What is wrong with one value, without quoting it where it may be secret. */
export class ValueProblem extends Error {
  override readonly name = "ValueProblem";
}

/** Where a server listens. */
export type Listen =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

export function parsePath(text: string): string {
  if (text === "" || text.includes("\0")) throw new ValueProblem("must be a path");
  return text;
}

export function parseOptionalText(text: string): string | undefined {
  return text === "" ? undefined : text;
}

/** A comma list; blanks around items and empty items are dropped. */
export function parseList(text: string): readonly string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** A comma list of at least one item. */
export function parseNames(text: string): readonly string[] {
  const names = parseList(text);
  if (names.length === 0) throw new ValueProblem("must name at least one");
  return names;
}

/** A comma list that, when empty, accepts anything. */
export function parseOptionalSet(text: string): ReadonlySet<string> | undefined {
  const items = parseList(text);
  return items.length === 0 ? undefined : new Set(items);
}

export function parseBoolean(text: string): boolean {
  if (["true", "1", "yes", "on"].includes(text.toLowerCase())) return true;
  if (["false", "0", "no", "off"].includes(text.toLowerCase())) return false;
  throw new ValueProblem("must be true or false");
}

/** A parser of whole numbers within bounds, both included. */
export function integerIn(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new ValueProblem(`must be a whole number from ${min} to ${max}`);
  };
}

/** As integerIn; empty means that there is no limit. */
export function optionalIntegerIn(min: number, max: number): (text: string) => number | undefined {
  const parse = integerIn(min, max);
  return (text) => (text === "" ? undefined : parse(text));
}

/** A parser of one of a closed list of words. */
export function oneOf<const T extends string>(...words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    throw new ValueProblem(`must be one of ${words.join(", ")}`);
  };
}

/** A comma list of `host:port`, `[v6]:port` and `unix:/path`. */
export function parseListens(text: string): readonly Listen[] {
  const listens = parseList(text).map(parseListen);
  if (listens.length === 0) throw new ValueProblem("must name at least one address");
  return listens;
}

/** One TCP address. */
export function parseTcpListen(text: string): Listen & { kind: "tcp" } {
  const listen = parseListen(text);
  if (listen.kind === "tcp") return listen;
  throw new ValueProblem("must be host:port");
}

/** A comma list of IP addresses. */
export function parseAddresses(text: string): readonly string[] {
  return parseList(text).map((item) => {
    if (isIP(item) !== 0) return item;
    throw new ValueProblem("must hold IP addresses");
  });
}

/** A comma list of http or https addresses. */
export function parseUrls(text: string): readonly string[] {
  return parseList(text).map((item) => {
    if (isWebAddress(item)) return item;
    throw new ValueProblem("must hold http:// or https:// addresses");
  });
}

/** Tells whether a text is an address that keys can be fetched from. */
export function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** An origin: scheme, host and port, nothing after them (RFC 6454 §6.1). */
export function parseOrigin(text: string): string | undefined {
  if (text === "") return undefined;
  if (URL.canParse(text)) {
    const url = new URL(text);
    if (/^https?:$/.test(url.protocol) && url.origin === text.replace(/\/$/, "")) return url.origin;
  }
  throw new ValueProblem("must be an origin such as https://tokens.example.org");
}

/** Tells whether an address can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** To the next one of a comma list: a secret may hold blanks and commas itself. */
const URL_IN_TEXT = /([a-z][\w+.-]*:\/\/)([^]*?)(?=,\s*[a-z][\w+.-]*:\/\/|$)/gi;

/**
 * A text with the secrets of the URLs in it replaced. Of an address that is what stands before its host,
 * and behind its path: nobody can say what a site takes for a key. A store's shows user and options:
 * `postgres://jwt:(secret)@db/jwt?sslmode=require`.
 */
export function withoutSecrets(text: string): string {
  return text.replace(URL_IN_TEXT, (_, scheme: string, rest: string) => {
    const isStore = /^postgres(?:ql)?:/i.test(scheme);
    return `${scheme}${isStore ? withoutPasswords(rest) : withoutUserAndQuery(rest)}`;
  });
}

function withoutUserAndQuery(rest: string): string {
  // To the last @ before the path: a secret that holds one itself must not show its rest.
  return rest.replace(/^[^/]*@/, "(secret)@").replace(/([?#])[^]*/, "$1(secret)");
}

function withoutPasswords(rest: string): string {
  return rest
    .replace(/^([^\s:/?#@]*):[^/]*@/, "$1:(secret)@")
    .replace(/([?&][\w-]*(?:password|secret|token|key)=)[^&#]*/gi, "$1(secret)");
}

function parseListen(text: string): Listen {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    if (!path.startsWith("/")) throw new ValueProblem("must give unix: an absolute path");
    return { kind: "unix", path };
  }
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65535) {
    throw new ValueProblem("must be host:port, [v6]:port or unix:/path");
  }
  return { kind: "tcp", host, port };
}
