/** Runs the admin API inside a command, over the data folder of a server that is not running. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/load.ts";
import { createLog } from "../log.ts";
import { KeySyncer } from "../jwks/key-syncer.ts";
import { createLastGoodStore } from "../jwks/last-good.ts";
import { DATABASE_FILE } from "../sqlite/data-folder.ts";
import { openStore } from "../sqlite/open-store.ts";
import { openCluster } from "./cluster/cluster.ts";
import { createAdmin } from "./admin.ts";
import { createJudging } from "./judging.ts";
import { listKeySources } from "./key-sources.ts";
import { endPolicyOf, RuleEnds } from "./rule-ends.ts";
import { createHealth } from "./readiness.ts";

export interface OfflineDeps {
  readonly version: string;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly random: () => number;
  /** Told of a failure inside, which the answer does not name. */
  readonly onFailure: (error: unknown) => void;
}

export interface Offline {
  /** The admin API, its caller an admin on this machine. */
  readonly handle: (request: Request) => Promise<Response>;
  readonly close: () => Promise<void>;
}

/** What keeps a shared store away is the answer to whatever asks it. */
const SILENT = createLog(
  () => "error",
  () => undefined,
);

const FETCH_TIMEOUT_MS = 5000;
const MAX_KEY_SET_BYTES = 1024 * 1024;

/** Whether there is a store to open; one that is shared says itself what it has. */
export function hasStore({ settings }: Config): boolean {
  return settings.store.kind !== "sqlite" || existsSync(join(settings.dataDir, DATABASE_FILE));
}

/**
 * Takes the folder's lock and opens everything but listeners; a shared store without a lease. Keys are read only when something asks
 * for them: a change of rules needs none.
 *
 * @throws AppError conflict when another process has the folder, unavailable; ConfigError
 */
export async function openOffline(config: Config, deps: OfflineDeps): Promise<Offline> {
  const { settings } = config;
  const nowSeconds = () => deps.nowMs() / 1000;
  const cluster = await openCluster(config, { ...deps, log: SILENT });
  const store = cluster?.store ?? (await openStore(settings.dataDir, { nowMs: deps.nowMs }));
  const syncer = new KeySyncer({
    sources: listKeySources(config.settings, config.issuers),
    allowShortSecrets: settings.allowShortSecrets,
    timeoutMs: FETCH_TIMEOUT_MS,
    maxBytes: MAX_KEY_SET_BYTES,
    lastGood: createLastGoodStore(join(settings.dataDir, "keys")),
    nowSeconds,
    times: () => ({ intervalSeconds: settings.syncInterval, maxAgeSeconds: settings.keyMaxAge }),
    random: deps.random,
    onSync: () => undefined,
    onTooOld: () => undefined,
  });
  let synced: Promise<void> | undefined;
  const withKeys = () => {
    synced ??= syncer.start().then(() => syncer.syncNow());
    return synced;
  };
  const close = async () => {
    syncer.stop();
    await store.close();
  };
  try {
    const judging = createJudging(config, () => syncer.ring(), store.index, nowSeconds);
    // Only a server carries rules on: a command may have been given another policy than it has.
    const ends = new RuleEnds({
      rules: store.rules,
      settings: store.accounts,
      log: SILENT,
      nowSeconds,
    });
    const health = createHealth({
      syncer: () => syncer,
      decryptionKeyCount: () => judging.decryptionKeys.length,
      ruleProblems: () => store.index.ready(),
      probeStore: async () => undefined,
      monotonicMs: deps.monotonicMs,
    });
    const { handle } = createAdmin({
      config,
      store,
      confirmation: undefined,
      judge: async (token) => {
        await withKeys();
        return judging.judge(token);
      },
      policies: () => judging.policies,
      writeEnding: (policy, write) => ends.write(endPolicyOf(policy), write),
      syncer: () => syncer,
      ready: health.known,
      page: () => undefined,
      nowSeconds,
      monotonicMs: deps.monotonicMs,
      version: deps.version,
      onFailure: deps.onFailure,
    });
    return {
      close,
      handle: async (request) => {
        if (new URL(request.url).pathname.endsWith("/keys")) await withKeys();
        return handle(request, { kind: "control", from: "local" });
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
