/** One source of keys: reads it, keeps the last good set, and knows how old that is. */
import { readFile } from "node:fs/promises";
import { KeySetError } from "../core/jwks/key-list.ts";
import { parseKeySet, type KeySet } from "../core/jwks/key-set.ts";
import { discoverJwksUrl } from "./discovery.ts";
import { fetchText, FetchTextError, type FetchedText } from "./fetch-text.ts";
import type { LastGood, LastGoodStore } from "./last-good.ts";

/** Where keys come from. `issuer`, where given, is the only `iss` whose tokens they verify. */
export type KeySourceSpec =
  | { readonly kind: "file"; readonly path: string; readonly issuer: string | undefined }
  | { readonly kind: "url"; readonly url: string; readonly issuer: string | undefined }
  | { readonly kind: "oidc"; readonly issuer: string };

export interface KeySourceOptions {
  readonly allowShortSecrets: boolean;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly lastGood: LastGoodStore;
  readonly nowSeconds: () => number;
}

/** What is known of a source; times in Unix seconds. */
export interface KeySourceState {
  /** For everyone to see: an address stands without its user, query and fragment, which may be secrets. */
  readonly name: string;
  readonly kind: KeySourceSpec["kind"];
  readonly set: KeySet | undefined;
  /** When the source last said that this set holds. */
  readonly fetchedAtSeconds: number | undefined;
  /** Why the newest attempt failed; undefined after a success. */
  readonly error: string | undefined;
  readonly failures: number;
  readonly maxAgeSeconds: number | undefined;
}

/** Clocks differ by less than this. */
const MAX_AHEAD_SECONDS = 60;

export class KeySource {
  readonly spec: KeySourceSpec;
  readonly #options: KeySourceOptions;
  #state: KeySourceState;
  #text: string | undefined;
  /** The validator of the text that was kept, and of which address. */
  #validator: { readonly url: string; readonly etag: string } | undefined;
  #flight: Promise<boolean> | undefined;

  constructor(spec: KeySourceSpec, options: KeySourceOptions) {
    this.spec = spec;
    this.#options = options;
    this.#state = {
      name: toShownSource(nameOf(spec)),
      kind: spec.kind,
      set: undefined,
      fetchedAtSeconds: undefined,
      error: undefined,
      failures: 0,
      maxAgeSeconds: undefined,
    };
  }

  get state(): KeySourceState {
    return this.#state;
  }

  /** The text of the set in use; it may hold secrets. */
  get text(): string | undefined {
    return this.#state.set === undefined ? undefined : this.#text;
  }

  /** Takes up the set kept on disk by an earlier run; its age goes on from when it was fetched. */
  async restore(): Promise<void> {
    const good = await this.#options.lastGood.read(nameOf(this.spec));
    if (good === undefined || this.#state.set !== undefined) return;
    // From the future: the clock was set back, and how old the set is cannot be said.
    if (good.fetchedAtSeconds > this.#options.nowSeconds() + MAX_AHEAD_SECONDS) return;
    const set = await this.#parse(good.text).catch(() => undefined);
    if (set === undefined) return;
    this.#text = good.text;
    this.#state = { ...this.#state, set, fetchedAtSeconds: good.fetchedAtSeconds };
  }

  /** Reads the source now, or joins the reading under way. @returns whether the keys changed. Never throws. */
  refresh(): Promise<boolean> {
    this.#flight ??= this.#refresh().finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  async #refresh(): Promise<boolean> {
    try {
      const { fetched, url } = await this.#read();
      const text = fetched.text ?? this.#text ?? "";
      const isChanged = text !== this.#text || this.#state.set === undefined;
      const set = isChanged ? await this.#parse(text) : this.#state.set;
      this.#text = text;
      const { etag } = fetched;
      this.#validator = etag === undefined || url === undefined ? undefined : { url, etag };
      const fetchedAtSeconds = this.#options.nowSeconds();
      const { maxAgeSeconds } = fetched;
      this.#state = {
        ...this.#state,
        set,
        fetchedAtSeconds,
        error: undefined,
        failures: 0,
        maxAgeSeconds,
      };
      await this.#keep({ text, fetchedAtSeconds });
      return isChanged;
    } catch (error) {
      // The validator belongs to a body that may not be the one we kept.
      this.#validator = undefined;
      this.#state = { ...this.#state, error: describe(error), failures: this.#state.failures + 1 };
      return false;
    }
  }

  /** The keys are in force whether or not they can be kept; that they cannot is told all the same. */
  async #keep(good: LastGood): Promise<void> {
    try {
      await this.#options.lastGood.write(nameOf(this.spec), good);
    } catch (error) {
      const code = codeOf(error);
      this.#state = { ...this.#state, error: `its keys cannot be kept on disk (${code})` };
    }
  }

  async #read(): Promise<{ readonly fetched: FetchedText; readonly url: string | undefined }> {
    const { spec } = this;
    const { timeoutMs, maxBytes } = this.#options;
    if (spec.kind === "file") {
      const text = await readText(spec.path, maxBytes);
      return { fetched: { text, etag: undefined, maxAgeSeconds: undefined }, url: undefined };
    }
    const limits = { timeoutMs, maxBytes };
    const url = spec.kind === "url" ? spec.url : await discoverJwksUrl(spec.issuer, limits);
    // Discovery may have led elsewhere, where the same tag names another body.
    const etag = this.#validator?.url === url ? this.#validator.etag : undefined;
    return { fetched: await fetchText(url, { ...limits, etag }), url };
  }

  #parse(text: string): Promise<KeySet> {
    const { issuer } = this.spec;
    const { allowShortSecrets } = this.#options;
    return parseKeySet(text, { source: this.#state.name, issuer, allowShortSecrets });
  }
}

function nameOf(spec: KeySourceSpec): string {
  switch (spec.kind) {
    case "file":
      return spec.path;
    case "url":
      return spec.url;
    case "oidc":
      return spec.issuer;
  }
}

function toShownSource(name: string): string {
  if (!/^https?:/.test(name) || !URL.canParse(name)) return name;
  const { origin, pathname, username, password, search, hash } = new URL(name);
  const isOpen = [username, password, search, hash].every((part) => part === "");
  return isOpen ? name : `${origin}${pathname}`;
}

function describe(error: unknown): string {
  if (error instanceof FetchTextError || error instanceof KeySetError) return error.message;
  return `it cannot be read (${codeOf(error)})`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}

async function readText(path: string, maxBytes: number): Promise<string> {
  const bytes = await readFile(path);
  if (bytes.length > maxBytes) throw new FetchTextError(`it is larger than ${maxBytes} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FetchTextError("it is not UTF-8");
  }
}
