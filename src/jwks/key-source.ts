/** One source of keys: reads it, keeps the last good set, and knows how old that is. */
import { readFile } from "node:fs/promises";
import { parseKeySet, KeySetError, type KeySet } from "../core/jwks/key-set.ts";
import { discoverJwksUrl } from "./discovery.ts";
import { fetchText, FetchTextError, type FetchedText } from "./fetch-text.ts";
import type { LastGoodStore } from "./last-good.ts";

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

export class KeySource {
  readonly spec: KeySourceSpec;
  readonly #options: KeySourceOptions;
  #state: KeySourceState;
  #text: string | undefined;
  #etag: string | undefined;
  #flight: Promise<boolean> | undefined;

  constructor(spec: KeySourceSpec, options: KeySourceOptions) {
    this.spec = spec;
    this.#options = options;
    this.#state = {
      name: nameOf(spec),
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

  /** Takes up the set kept on disk by an earlier run; its age goes on from when it was fetched. */
  async restore(): Promise<void> {
    const good = await this.#options.lastGood.read(this.#state.name);
    if (good === undefined || this.#state.set !== undefined) return;
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
      const fetched = await this.#read();
      const text = fetched.text ?? this.#text ?? "";
      const isChanged = text !== this.#text || this.#state.set === undefined;
      const set = isChanged ? await this.#parse(text) : this.#state.set;
      this.#text = text;
      this.#etag = fetched.etag;
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
      await this.#options.lastGood.write(this.#state.name, { text, fetchedAtSeconds });
      return isChanged;
    } catch (error) {
      // The validator belongs to a body that may not be the one we kept.
      this.#etag = undefined;
      this.#state = { ...this.#state, error: describe(error), failures: this.#state.failures + 1 };
      return false;
    }
  }

  async #read(): Promise<FetchedText> {
    const { spec } = this;
    const { timeoutMs, maxBytes } = this.#options;
    if (spec.kind === "file") {
      const text = await readFile(spec.path, "utf8");
      if (text.length > maxBytes) throw new FetchTextError(`it is larger than ${maxBytes} bytes`);
      return { text, etag: undefined, maxAgeSeconds: undefined };
    }
    const limits = { timeoutMs, maxBytes };
    const url = spec.kind === "url" ? spec.url : await discoverJwksUrl(spec.issuer, limits);
    return fetchText(url, { ...limits, etag: this.#etag });
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

function describe(error: unknown): string {
  if (error instanceof FetchTextError || error instanceof KeySetError) return error.message;
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  return `it cannot be read (${code})`;
}
