/** The composition root: the only file that knows everyone. Makes the server of a configuration, starts and stops it. */
import { join } from "node:path";
import { BODY_TIMEOUT_MS } from "./app/clock.ts";
import { adminListeners, createAdmin } from "./app/admin.ts";
import { GroundWatch } from "./app/ground-watch.ts";
import { createJudging, fingerprintOf, grounds, type Judging } from "./app/judging.ts";
import { listKeySources } from "./app/key-sources.ts";
import { toShownSource } from "./app/figures.ts";
import { observe } from "./app/observation.ts";
import { readPageFiles } from "./app/page-files.ts";
import { createHealth } from "./app/readiness.ts";
import { resolveVerifierKeys } from "./app/verifier-key-file.ts";
import { createPool, mainSocketOf } from "./app/workers/attach.ts";
import type { Config } from "./config/load.ts";
import type { Listen } from "./config/values.ts";
import { ChangeLog } from "./core/feed/change-log.ts";
import { fencedAtMs, LEASE_MS } from "./core/feed/lease.ts";
import { TrustRecord } from "./core/feed/trust-record.ts";
import { VerifierRegistry } from "./core/feed/verifier-registry.ts";
import { createBodyReader } from "./http/body-reader.ts";
import { createAdminPage } from "./http/admin-page.ts";
import { createIsAllowedHost } from "./http/host-check.ts";
import { listen, type Address, type Listener } from "./http/listen.ts";
import { createTokenServer } from "./http/token-server/app.ts";
import { Feed } from "./http/token-server/feed-route.ts";
import { createIsVerifier } from "./http/verifier-key.ts";
import { KeySyncer } from "./jwks/key-syncer.ts";
import { createLastGoodStore } from "./jwks/last-good.ts";
import { describeError, type Log } from "./log.ts";
import { openStore } from "./sqlite/open-store.ts";

export interface AppDeps {
  readonly log: Log;
  readonly version: string;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly random: () => number;
  /** Told when the server can go on no longer; it should be stopped. */
  readonly onBroken: () => void;
}

/** A running server. */
export interface App {
  /** The ports bound, in the order of the addresses; undefined for a unix socket. */
  readonly ports: readonly (number | undefined)[];
  /** The one-time link by which the first admin is made; undefined where there is one. */
  readonly firstRunLink: string | undefined;
  /**
   * Reads the configuration again and takes up what may change while running: keys, policy.
   *
   * @throws ConfigError: nothing was changed
   */
  reload(read: () => Config): Promise<Config>;
  stop(): Promise<void>;
}

const FETCH_TIMEOUT_MS = 5000;
const MAX_KEY_SET_BYTES = 1024 * 1024;
/** HAProxy's side waits 800 ms in all; a key that takes longer to fetch is there for the next request. */
const UNKNOWN_KEY_WAIT_MS = 400;
const IDLE_TIMEOUT_SECONDS = 60;
const UNIX_SOCKET_MODE = 0o660;

/** Starts everything, or nothing. @throws ConfigError, AppError (the folder is in use, the store is damaged) */
export async function startApp(config: Config, deps: AppDeps): Promise<App> {
  const { monotonicMs, nowMs } = deps;
  const { settings } = config;
  const nowSeconds = () => nowMs() / 1000;
  const store = await openStore(settings.dataDir, { nowMs });
  const { index, rules, accounts } = store;
  const observation = observe({
    ...deps,
    config,
    store,
    verifiers: () => registry.verifiers(),
    keySources: () => syncer.states(),
    ready: () => health.ready(),
  });
  const { log, metrics } = observation;
  const onFailure = (error: unknown) => log.error("a request failed inside", describeError(error));

  const trust = await TrustRecord.open(
    { raise: (name, atLeast) => accounts.raiseSetting(name, atLeast) },
    LEASE_MS,
  );
  const registry = new VerifierRegistry({
    monotonicMs,
    nowMs,
    quietUntilMs: fencedAtMs(monotonicMs(), trust.formerMs, 0),
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    onApplied: metrics.observeApplied,
    rememberedUntilMs: (seq) => pool?.rememberedUntilMs(seq) ?? 0,
  });
  const changes = new ChangeLog(index.seq);
  const watch = new GroundWatch(rules, accounts);
  await watch.open();

  const createSyncer = (from: Config) =>
    new KeySyncer({
      sources: listKeySources(from),
      allowShortSecrets: from.settings.allowShortSecrets,
      timeoutMs: FETCH_TIMEOUT_MS,
      maxBytes: MAX_KEY_SET_BYTES,
      lastGood: createLastGoodStore(join(settings.dataDir, "keys")),
      nowSeconds,
      times: () => ({
        intervalSeconds: from.settings.syncInterval,
        maxAgeSeconds: from.settings.keyMaxAge,
      }),
      random: deps.random,
      onSync: (state, isChanged) => {
        const source = toShownSource(state.name);
        metrics.observeSync(source, state.error !== undefined);
        if (state.error !== undefined) {
          log.warn("key source failed", { source, error: state.error });
        }
        if (!isChanged) return pool?.groundsRefreshed();
        const { keys = [], problems = [] } = state.set ?? {};
        log.info("keys changed", { source, keys: keys.length });
        for (const problem of problems) log.warn("key", { source, problem });
        noteGrounds();
      },
    });
  let syncer = createSyncer(config);
  const ring = () => syncer.ring();
  let current = config;
  let judging: Judging = createJudging(config, ring, index, nowSeconds);

  const verifierKeys = resolveVerifierKeys(settings.verifierKey, settings.dataDir);
  const hosts = [...settings.hosts, ...namedHosts(settings.listen)];
  const isVerifier = createIsVerifier(verifierKeys);
  const feed = new Feed({
    isVerifier,
    registry,
    changes,
    epoch: () => index.epoch,
    keysFingerprint: () => fingerprintOf(ring()),
    leaseMs: (staleSeconds) => (trust.record.allows(LEASE_MS + staleSeconds * 1000) ? LEASE_MS : 0),
    monotonicMs,
    onReport: (_, counters) => metrics.observeCache(counters),
  });
  const stopListening = rules.onChange((committed) => {
    const fresh = committed.map(({ seq, scope, subject }) => ({
      seq,
      subject: scope === "subject" ? subject : undefined,
    }));
    // First of all: from here on no judging thread answers by what it knew before.
    pool?.changed(index.seq);
    for (const { seq } of fresh) registry.changed(seq);
    changes.append(fresh);
    feed.wake();
  });
  const noteGrounds = (): void => {
    pool?.groundsChanged();
    watch
      .update(grounds(ring(), judging))
      .then(() => feed.wake())
      .catch((error: unknown) => log.error("a key change was not noted", describeError(error)));
  };

  const health = createHealth({
    syncer: () => syncer,
    decryptionKeyCount: () => judging.decryptionKeys.length,
    ruleProblems: () => index.ready(),
    probeStore: async () => accounts.setSetting("probe", String(nowMs())),
    monotonicMs,
  });
  const admin = createAdmin({
    config,
    store,
    confirmation: registry,
    judge: async (token) => {
      const verdict = await judging.judge(token);
      if (verdict.isValid || verdict.detail !== "unknown_key") return verdict;
      const isChanged = await syncer.refreshForUnknownKey(FETCH_TIMEOUT_MS);
      return isChanged ? judging.judge(token) : verdict;
    },
    policies: () => judging.policies,
    syncer: () => syncer,
    ready: () => health.ready(),
    page: createAdminPage(await readPageFiles()),
    nowSeconds,
    version: deps.version,
    onFailure,
  });
  const bodies = createBodyReader(BODY_TIMEOUT_MS, monotonicMs);
  const tokenServer = createTokenServer({
    judge: (token, options) => judging.judge(token, options),
    isVerifier,
    isAllowedHost: createIsAllowedHost(hosts),
    judgedAt: () => ({ seq: index.seq, epoch: index.epoch }),
    refreshKeys: () => syncer.refreshForUnknownKey(UNKNOWN_KEY_WAIT_MS),
    noteMemory: (ttlSeconds, judgedSeq) => {
      if (trust.record.allows(ttlSeconds * 1000)) {
        registry.answeredWithoutLease(ttlSeconds, judgedSeq);
        return undefined;
      }
      return trust.record
        .ensure(ttlSeconds * 1000)
        .then(() => registry.answeredWithoutLease(ttlSeconds, judgedSeq));
    },
    bodies,
    onVerdict: (verdict, seconds, path) => {
      metrics.observeVerdict(verdict, seconds, path);
      admin.onVerdict(verdict);
    },
    onFailure,
    ring,
    health,
    metrics: () => metrics.text(),
    feed,
  });

  const limits = {
    maxBodyBytes: Math.max(65_536, settings.maxTokenBytes * 8),
    idleTimeoutSeconds: IDLE_TIMEOUT_SECONDS,
  };
  const pool = createPool({
    config: () => current,
    verifierKeys,
    hosts,
    recordedTtlSeconds: LEASE_MS / 1000,
    limits,
    syncer: () => syncer,
    policies: () => judging.policies,
    epoch: () => index.epoch,
    onVerdicts: ({ detail, path, count, seconds }) => {
      metrics.observeVerdicts(detail, path, count, seconds);
      admin.onVerdicts(detail, count);
    },
    onSeen: admin.onSeen,
    onLost: () => {
      // Its port still draws connections: better none than some that nobody answers.
      log.error("a judging thread ended by itself");
      deps.onBroken();
    },
  });

  await syncer.start();
  noteGrounds();
  const listeners: Listener[] = [];
  const open = (address: Address, options: Parameters<typeof listen>[1]) => {
    listeners.push(listen(address, options));
  };
  const shared = { ...limits, onFailure };
  const close = async (): Promise<void> => {
    feed.close();
    admin.stop();
    await pool?.stop();
    await Promise.all(listeners.map((one) => one.close()));
    bodies.close();
    syncer.stop();
    stopListening();
    observation.stop();
    await store.close();
  };
  try {
    const handle = observation.follow("token", tokenServer);
    for (const address of settings.listen)
      open(toAddress(address, pool !== undefined), { ...shared, handle });
    for (const { address, options } of adminListeners(config, admin.handle)) {
      const handle = observation.follow(
        address.kind === "unix" ? "control" : "admin",
        options.handle,
      );
      open(address, { ...shared, ...options, handle });
    }
    if (pool !== undefined) {
      open(mainSocketOf(settings.dataDir), { ...shared, handle });
      pool.changed(index.seq);
      await pool.start(boundAddresses(settings.listen, listeners));
    }
  } catch (error) {
    await close();
    throw error;
  }

  const adminPort = listeners[settings.listen.length]?.port ?? settings.adminListen.port;
  const adminOrigin = settings.adminOrigin ?? toOrigin(settings.adminListen.host, adminPort);
  return {
    ports: listeners.map(({ port }) => port),
    firstRunLink: await admin.firstRunLink(adminOrigin),
    async reload(read) {
      try {
        const next = read();
        const nextSyncer = createSyncer(next);
        const nextJudging = createJudging(next, () => nextSyncer.ring(), index, nowSeconds);
        await nextSyncer.start();
        syncer.stop();
        syncer = nextSyncer;
        judging = nextJudging;
        current = next;
        noteGrounds();
        observation.reloaded(true);
        return next;
      } catch (error) {
        observation.reloaded(false);
        throw error;
      }
    },
    stop: close,
  };
}

function toAddress(address: Listen, isShared: boolean): Address {
  return address.kind === "unix"
    ? { ...address, mode: UNIX_SOCKET_MODE }
    : { ...address, isShared };
}

function toOrigin(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The TCP addresses with the ports that were bound. */
function boundAddresses(addresses: readonly Listen[], listeners: readonly Listener[]) {
  return addresses.flatMap((one, index) =>
    one.kind === "tcp" ? [{ host: one.host, port: listeners[index]?.port ?? one.port }] : [],
  );
}

/** The hosts that the listen addresses name; an address for all interfaces names none. */
function namedHosts(addresses: readonly Listen[]): readonly string[] {
  const everywhere = ["0.0.0.0", "::", "*"];
  return addresses.flatMap((one) =>
    one.kind === "tcp" && !everywhere.includes(one.host) ? [one.host] : [],
  );
}
