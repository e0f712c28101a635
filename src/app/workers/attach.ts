/** Puts judging threads beside the main one where the configuration asks for them. */
import { join } from "node:path";
import type { Config } from "../../config/load.ts";
import type { Address, ListenOptions } from "../../http/listen.ts";
import type { Arrival } from "../../http/token-server/app.ts";
import type { KeySyncer } from "../../jwks/key-syncer.ts";
import type { Judging } from "../judging.ts";
import { ARRIVAL_HEADER } from "./messages.ts";
import { WorkerPool, type PoolOptions } from "./pool.ts";

export interface AttachParts {
  readonly config: () => Config;
  readonly verifierKeys: readonly string[];
  readonly hosts: readonly string[];
  readonly recordedTtlSeconds: number;
  readonly limits: Pick<ListenOptions, "maxBodyBytes" | "idleTimeoutSeconds">;
  readonly syncer: () => KeySyncer;
  readonly judging: () => Pick<Judging, "policies" | "decryptionKeysText">;
  readonly epoch: () => string;
  readonly onVerdicts: PoolOptions["onVerdicts"];
  readonly onSeen: PoolOptions["onSeen"];
  readonly onLost: () => void;
}

/** The main thread's socket for what a judging thread does not answer itself. */
export function mainSocketOf(dataDir: string): Address {
  return { kind: "unix", path: join(dataDir, "judge.sock"), mode: 0o600 };
}

/** How a request that a judging thread handed on came in to it; what nobody says came from afar. */
export function arrivalFrom(request: Request): Arrival {
  return request.headers.get(ARRIVAL_HEADER) === "loopback" ? "loopback" : "network";
}

/** Makes the pool of a configuration; undefined where one thread judges. */
export function createPool(parts: AttachParts): WorkerPool | undefined {
  const { settings } = parts.config();
  if (settings.workers === 1) return undefined;
  const { dataDir, maxTokenBytes } = settings;
  return new WorkerPool({
    threads: settings.workers - 1,
    start: {
      dataDir,
      hosts: parts.hosts,
      verifierKeys: parts.verifierKeys,
      maxTokenBytes,
      recordedTtlSeconds: parts.recordedTtlSeconds,
      mainSocket: join(dataDir, "judge.sock"),
      ...parts.limits,
    },
    grounds: () => {
      const { settings: current } = parts.config();
      const { policies, decryptionKeysText } = parts.judging();
      return {
        epoch: parts.epoch(),
        sets: parts.syncer().texts(),
        keyMaxAgeSeconds: current.keyMaxAge,
        allowShortSecrets: current.allowShortSecrets,
        decryptionKeysText,
        policies,
      };
    },
    onVerdicts: parts.onVerdicts,
    onSeen: parts.onSeen,
    onLost: parts.onLost,
  });
}
