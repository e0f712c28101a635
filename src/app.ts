/** The composition root: the only file that knows everyone. Makes the server of a configuration, starts and stops it. */
import { BODY_TIMEOUT_MS } from "./app/clock.ts";
import { boundAddresses, namedHosts, toAddress, toOrigin } from "./app/addresses.ts";
import { adminListeners, createAdmin } from "./app/admin.ts";
import { startClockWatch } from "./app/clock-watch.ts";
import { openCluster } from "./app/cluster/cluster.ts";
import { underLease } from "./app/cluster/under-lease.ts";
import { createEnforcement } from "./app/enforcement.ts";
import { GroundWatch } from "./app/ground-watch.ts";
import { startHousekeeping } from "./app/housekeeping.ts";
import { createJudging, fingerprintOf, grounds, type Judging } from "./app/judging.ts";
import { createKeySync, FETCH_TIMEOUT_MS } from "./app/key-sync.ts";
import { toListenFailure } from "./app/listen-failure.ts";
import { observe } from "./app/observation.ts";
import { readPageFiles } from "./app/page-files.ts";
import { createHealth, keyProblemAtStart } from "./app/readiness.ts";
import { endPolicyOf, RuleEnds } from "./app/rule-ends.ts";
import { createUntilNoted } from "./app/until-noted.ts";
import { resolveVerifierKeys } from "./app/verifier-key-file.ts";
import { arrivalFrom, createPool, mainSocketOf } from "./app/workers/attach.ts";
import type { Config } from "./config/load.ts";
import { takeUp, type TakenUp } from "./config/take-up.ts";
import { AppError } from "./core/app-error.ts";
import { LEASE_MS } from "./core/feed/lease.ts";
import { createBodyReader } from "./http/body-reader.ts";
import { createAdminPage } from "./http/admin-page.ts";
import { createIsAllowedHost } from "./http/host-check.ts";
import { listen, type Address, type Listener } from "./http/listen.ts";
import { createTokenServer } from "./http/token-server/app.ts";
import { createIsVerifier } from "./http/verifier-key.ts";
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
   * Reads the configuration again and takes up what may change while running: keys, policy. The rest
   * waits, for everything that was opened by it stays open.
   *
   * @throws ConfigError: nothing was changed
   */
  reload(read: () => Config): Promise<TakenUp>;
  stop(): Promise<void>;
}

/** HAProxy's side waits 800 ms in all; a key that takes longer to fetch is there for the next request. */
const UNKNOWN_KEY_WAIT_MS = 400;
const IDLE_TIMEOUT_SECONDS = 60;

/** Starts everything, or nothing. @throws ConfigError, AppError (the folder is in use, the store is damaged) */
export async function startApp(config: Config, deps: AppDeps): Promise<App> {
  const { monotonicMs, nowMs } = deps;
  const { settings } = config;
  const nowSeconds = () => nowMs() / 1000;
  const cluster = await openCluster(config, deps);
  const store = cluster?.store ?? (await openStore(settings.dataDir, { nowMs }));
  const { index, rules, accounts } = store;
  // What is this machine's alone: what it judged by, and how long it is trusted.
  const own = cluster?.settings ?? accounts;
  const observation = observe({
    ...deps,
    config,
    store,
    shared: cluster && (() => cluster.figures()),
    verifiers: () => registry.verifiers(),
    keySources: () => syncer.states(),
    ready: () => health.known(),
  });
  const { log, metrics } = observation;
  const onFailure = (error: unknown) => log.error("a request failed inside", describeError(error));

  const ends = new RuleEnds({ rules, settings: accounts, log, nowSeconds });
  const watch = new GroundWatch(rules, own);
  await watch.open();

  const createSyncer = (from: Config) =>
    createKeySync(from, {
      log,
      metrics,
      nowSeconds,
      random: deps.random,
      onRefreshed: () => {
        pool?.groundsRefreshed();
        // They may have been too old in between.
        keyChanges.note();
      },
      onChanged: () => noteGrounds(),
    });
  let syncer = createSyncer(config);
  const ring = () => syncer.ring();
  let current = config;
  let judging: Judging = createJudging(config, ring, index, nowSeconds);

  const verifierKeys = resolveVerifierKeys(settings.verifierKey, settings.dataDir);
  const hosts = [...settings.hosts, ...namedHosts(settings.listen)];
  const isVerifier = createIsVerifier(verifierKeys);
  const { registry, feed, ...enforcement } = await createEnforcement({
    store,
    cluster,
    raise: async (name, atLeast) => {
      const raised = await own.raiseSetting(name, atLeast);
      await cluster?.node.recordTrust(raised);
      return raised;
    },
    metrics,
    onRemembered: (count) => admin.onRemembered(count),
    isVerifier,
    keysFingerprint: () => fingerprintOf(ring()),
    pool: () => pool,
    monotonicMs,
    nowMs,
  });
  const keyChanges = createUntilNoted(
    () => watch.update(grounds(ring(), judging)).then(() => feed.wake()),
    "a key change was not noted",
    log,
  );
  const noteGrounds = (): void => {
    pool?.groundsChanged();
    keyChanges.note();
  };

  const keyCounts = {
    syncer: () => syncer,
    decryptionKeyCount: () => judging.decryptionKeys.length,
  };
  const health = createHealth({
    ...keyCounts,
    ruleProblems: () => index.ready(),
    probeStore: async () => own.setSetting("probe", String(nowMs())),
    leaseProblem: cluster && (() => cluster.node.leaseProblem()),
    monotonicMs,
  });
  const admin = createAdmin({
    config,
    store,
    confirmation: cluster?.confirmation(registry) ?? registry,
    judge: async (token) => {
      const verdict = await judging.judge(token);
      if (verdict.isValid || verdict.detail !== "unknown_key") return verdict;
      const isChanged = await syncer.refreshForUnknownKey(FETCH_TIMEOUT_MS);
      return isChanged ? judging.judge(token) : verdict;
    },
    policies: () => judging.policies,
    writeEnding: (policy, write) => ends.write(endPolicyOf(policy), write),
    syncer: () => syncer,
    ready: () => health.known(),
    page: createAdminPage(await readPageFiles()),
    nowSeconds,
    monotonicMs,
    version: deps.version,
    onFailure,
  });
  const bodies = createBodyReader(BODY_TIMEOUT_MS, monotonicMs);
  const tokenServer = createTokenServer({
    judge: underLease(
      (token, options) => judging.judge(token, options),
      cluster && { node: { mayJudge: () => ends.isKept && cluster.node.mayJudge() } },
    ),
    isVerifier,
    isAllowedHost: createIsAllowedHost(hosts),
    judgedAt: () => ({ seq: index.seq, epoch: index.epoch }),
    refreshKeys: () => syncer.refreshForUnknownKey(UNKNOWN_KEY_WAIT_MS),
    noteMemory: enforcement.noteMemory,
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
    // A token that is too long is answered with its verdict, as far as it can be read.
    maxBodyBytes: settings.maxTokenBytes + 65_536,
    idleTimeoutSeconds: IDLE_TIMEOUT_SECONDS,
  };
  const pool = createPool({
    config: () => current,
    verifierKeys,
    hosts,
    recordedTtlSeconds: LEASE_MS / 1000,
    limits,
    syncer: () => syncer,
    judging: () => judging,
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

  await ends.begin(endPolicyOf(judging.policies.common), cluster !== undefined);
  await syncer.start();
  cluster?.start(registry);
  noteGrounds();
  const clockWatch = startClockWatch({
    nowMs,
    monotonicMs,
    rules,
    syncKeys: () => syncer.syncNow(),
    log,
  });
  const housekeeping = startHousekeeping(store, log, clockWatch.prudentNowMs);
  const listeners: Listener[] = [];
  const open = async (
    setting: string,
    address: Address,
    options: Parameters<typeof listen>[1],
  ): Promise<void> => {
    try {
      listeners.push(listen(address, options));
    } catch (error) {
      throw await toListenFailure(setting, address, error);
    }
  };
  const shared = { ...limits, onFailure };
  const close = async (): Promise<void> => {
    feed.close();
    admin.stop();
    await pool?.stop();
    await Promise.all(listeners.map((one) => one.close()));
    bodies.close();
    syncer.stop();
    enforcement.stop();
    observation.stop();
    clockWatch.stop();
    keyChanges.stop();
    ends.stop();
    await housekeeping.stop();
    await cluster?.stop();
    await store.close();
  };
  try {
    const handle = observation.follow("token", tokenServer);
    const isShared = pool !== undefined;
    for (const address of settings.listen) {
      // oxlint-disable-next-line no-await-in-loop -- it waits for nothing but a failure's words
      await open("JWT_LISTEN", toAddress(address, isShared), { ...shared, handle });
    }
    for (const { setting, address, options } of adminListeners(config, admin.handle)) {
      const handle = observation.follow(
        address.kind === "unix" ? "control" : "admin",
        options.handle,
      );
      // oxlint-disable-next-line no-await-in-loop -- as above
      await open(setting, address, { ...shared, ...options, handle });
    }
    if (pool !== undefined) {
      await open("JWT_DATA_DIR", mainSocketOf(settings.dataDir), {
        ...shared,
        handle: (request, _, server) => handle(request, () => arrivalFrom(request), server),
      });
      pool.changed(index.seq);
      await pool.start(boundAddresses(settings.listen, listeners));
    }
  } catch (error) {
    await close();
    throw error;
  }

  const problem = keyProblemAtStart(keyCounts);
  if (problem !== undefined) log.warn("no token can be valid until there is a key", { problem });
  const adminPort = listeners[settings.listen.length]?.port ?? settings.adminListen.port;
  const adminOrigin = settings.adminOrigin ?? toOrigin(settings.adminListen.host, adminPort);
  return {
    ports: listeners.map(({ port }) => port),
    firstRunLink: await admin.firstRunLink(adminOrigin).catch(noLinkWithoutStore),
    async reload(read) {
      try {
        const taken = takeUp(current, read());
        const next = taken.config;
        const nextSyncer = createSyncer(next);
        const nextJudging = createJudging(next, () => nextSyncer.ring(), index, nowSeconds);
        await nextSyncer.start();
        await ends.keep(endPolicyOf(nextJudging.policies.common)).catch((error: unknown) => {
          nextSyncer.stop();
          throw error;
        });
        syncer.stop();
        syncer = nextSyncer;
        judging = nextJudging;
        current = next;
        noteGrounds();
        observation.reloaded(true);
        return taken;
      } catch (error) {
        observation.reloaded(false);
        throw error;
      }
    },
    stop: close,
  };
}

/** A shared store that is away: its people are not known, and the server starts all the same. */
function noLinkWithoutStore(error: unknown): undefined {
  if (error instanceof AppError && error.code !== "config") return undefined;
  throw error;
}
