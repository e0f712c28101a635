/** Makes the key syncer of a configuration, and says in log and metrics what comes of it. */
import { join } from "node:path";
import type { Config } from "../config/load.ts";
import { KeySyncer } from "../jwks/key-syncer.ts";
import { createLastGoodStore } from "../jwks/last-good.ts";
import { describeError, type Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { listKeySources } from "./key-sources.ts";

export interface KeySyncParts {
  readonly log: Log;
  readonly metrics: Pick<Metrics, "observeSync">;
  readonly nowSeconds: () => number;
  readonly random: () => number;
  /** The same keys were read again: they are good for longer. */
  readonly onRefreshed: () => void;
  /** There are other keys, or some that have become too old. */
  readonly onChanged: () => void;
}

/** How long one reading of a source may take. */
export const FETCH_TIMEOUT_MS = 5000;
export const MAX_KEY_SET_BYTES = 1024 * 1024;

export function createKeySync(config: Config, parts: KeySyncParts): KeySyncer {
  const { log, metrics, nowSeconds, random } = parts;
  const { dataDir, allowShortSecrets, syncInterval, keyMaxAge } = config.settings;
  const told = new Set<string>();
  return new KeySyncer({
    sources: listKeySources(config.settings, config.issuers),
    allowShortSecrets,
    timeoutMs: FETCH_TIMEOUT_MS,
    maxBytes: MAX_KEY_SET_BYTES,
    lastGood: createLastGoodStore(join(dataDir, "keys")),
    nowSeconds,
    times: () => ({ intervalSeconds: syncInterval, maxAgeSeconds: keyMaxAge }),
    random,
    onSync: harmless(log, (state, isChanged) => {
      const { name: source, error } = state;
      metrics.observeSync(source, error !== undefined);
      if (error !== undefined) log.warn("key source failed", { source, error });
      const { keys = [], problems = [] } = state.set ?? {};
      // The same keys as in the run before are no change, but what is wrong with them is still so.
      const isFirst = state.failures === 0 && !told.has(source);
      if (isChanged || isFirst) {
        told.add(source);
        for (const problem of problems) log.warn("key", { source, problem });
      }
      if (!isChanged) return parts.onRefreshed();
      // Without a key of its own a source turns all its tokens away.
      log[keys.length === 0 ? "warn" : "info"]("keys changed", { source, keys: keys.length });
      return parts.onChanged();
    }),
    onTooOld: harmless(log, ({ name: source }) => {
      log.warn("the keys of a source are too old, none of them counts", { source });
      parts.onChanged();
    }),
  });
}

/** Thrown on to the syncer, a failure would end the process, and the sources would be read no more. */
function harmless<Told extends readonly unknown[]>(
  log: Log,
  tell: (...told: Told) => void,
): (...told: Told) => void {
  return (...told) => {
    try {
      tell(...told);
    } catch (error) {
      log.error("a reading of keys could not be told of", describeError(error));
    }
  };
}
