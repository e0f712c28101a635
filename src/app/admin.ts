/** Wires the admin API to the parts of a server, and to its listeners. */
import { join } from "node:path";
import type { Config } from "../config/load.ts";
import type { Confirmation } from "../core/feed/confirmation.ts";
import { SeenTokens } from "../core/revocation/seen-tokens.ts";
import type { PolicySet } from "../core/token/policy.ts";
import { VerdictRates } from "../core/token/verdict-rates.ts";
import { reasonOf, type Detail } from "../core/token/reason.ts";
import { reasonOfVerdict, type AuthenticToken, type Verdict } from "../core/token/verdict.ts";
import { createAdminApp, type AdminApp } from "../http/admin/app.ts";
import { createFirstRunLink } from "../http/admin/first-run.ts";
import type { AdminOptions } from "../http/admin/options.ts";
import { createPasswords } from "../http/admin/passwords.ts";
import type { HealthCheck } from "../http/health.ts";
import type { Address, ListenOptions } from "../http/listen.ts";
import type { KeySyncer } from "../jwks/key-syncer.ts";
import type { Store } from "../sqlite/open-store.ts";
import { streamBackup } from "./backup-stream.ts";

/** The parts of a server that the admin API shows and acts on. */
export interface AdminParts {
  readonly config: Config;
  readonly store: Store;
  /** Undefined where no server runs. */
  readonly confirmation: Confirmation | undefined;
  readonly judge: (token: string) => Verdict | Promise<Verdict>;
  readonly policies: () => PolicySet;
  readonly writeEnding: AdminOptions["writeEnding"];
  readonly syncer: () => KeySyncer;
  readonly ready: () => readonly HealthCheck[];
  readonly page: AdminOptions["page"];
  readonly nowSeconds: () => number;
  readonly monotonicMs: () => number;
  readonly version: string;
  readonly onFailure: (error: unknown) => void;
}

/** The admin API and what is told of each verdict. */
export interface Admin {
  readonly handle: AdminApp;
  readonly onVerdict: (verdict: Verdict) => void;
  /** As many verdicts of one kind, and a few of the tokens, as a judging thread reports them. */
  readonly onVerdicts: (detail: Detail | "", count: number) => void;
  readonly onSeen: (token: AuthenticToken) => void;
  /** As many verdicts that HAProxy has answered from its memory. */
  readonly onRemembered: (count: number) => void;
  /**
   * The one-time link that makes the first admin, new at each call; undefined once there is one.
   *
   * @param origin where people reach the page
   */
  readonly firstRunLink: (origin: string) => Promise<string | undefined>;
  /** Ends what would go on for long: live streams, and waiting for enforcement. */
  readonly stop: () => void;
}

/** Makes the admin API of one process. */
export function createAdmin(parts: AdminParts): Admin {
  const { store, syncer, nowSeconds } = parts;
  const { settings } = parts.config;
  const seenTokens = new SeenTokens(settings.subjectClaims, { nowSeconds });
  const rates = new VerdictRates(nowSeconds);
  const stopping = new AbortController();
  const handle = createAdminApp({
    rules: store.rules,
    accounts: store.accounts,
    index: store.index,
    confirmation: parts.confirmation,
    judge: parts.judge,
    policies: parts.policies,
    writeEnding: parts.writeEnding,
    keys: {
      list: () =>
        syncer()
          .states()
          .map(({ set, ...state }) => ({
            ...state,
            keys: set?.keys ?? [],
            problems: set?.problems ?? [],
          })),
      syncNow: () => syncer().syncNow(),
    },
    seenTokens,
    rates,
    ready: parts.ready,
    backUp: (actor, name) => streamBackup(store, settings.dataDir, actor, name),
    checkStore: () => store.check(),
    passwords: createPasswords(),
    origin: settings.adminOrigin,
    trustedProxies: settings.trustedProxies,
    page: parts.page,
    nowSeconds,
    monotonicMs: parts.monotonicMs,
    startedAtSeconds: nowSeconds(),
    version: parts.version,
    stopping: stopping.signal,
    onFailure: parts.onFailure,
  });
  return {
    handle,
    firstRunLink: (origin) => createFirstRunLink(store.accounts, origin, nowSeconds()),
    stop: () => stopping.abort(),
    onVerdicts: (detail, count) => rates.count(detail === "" ? "ok" : reasonOf(detail), count),
    onSeen: (token) => seenTokens.note(token),
    onRemembered: (count) => rates.countRemembered(count),
    onVerdict: (verdict) => {
      rates.count(reasonOfVerdict(verdict));
      if (verdict.isValid) seenTokens.note(verdict.token);
    },
  };
}

/** Beyond this no request takes: it waits for its enforcement at most a minute, imports go on sending. */
const REQUEST_TIMEOUT_SECONDS = 120;
/** An import is read as it comes; every other body has its own, much smaller bound. */
const MAX_BODY_BYTES = 16 * 1024 ** 3;

/** The admin page's listener and the control socket, each with how it handles a request. */
export function adminListeners(
  config: Config,
  handle: AdminApp,
): readonly {
  readonly setting: string;
  readonly address: Address;
  readonly options: Pick<ListenOptions, "handle" | "maxBodyBytes">;
}[] {
  const { adminListen, dataDir } = config.settings;
  return [
    {
      setting: "JWT_ADMIN_LISTEN",
      address: adminListen,
      options: {
        maxBodyBytes: MAX_BODY_BYTES,
        handle: (request, _, server) => {
          server.timeout(request, REQUEST_TIMEOUT_SECONDS);
          const address = server.requestIP(request)?.address ?? "";
          return handle(request, { kind: "network", address });
        },
      },
    },
    {
      setting: "JWT_DATA_DIR",
      address: { kind: "unix", path: join(dataDir, "control.sock"), mode: 0o600 },
      options: {
        maxBodyBytes: MAX_BODY_BYTES,
        handle: (request, _, server) => {
          // No bound: a restore or a million rules take as long as they take.
          server.timeout(request, 0);
          return handle(request, { kind: "control", from: "unix" });
        },
      },
    },
  ];
}
