/**
 * One judging thread: answers `POST /` on the shared port while it knows all that the main thread
 * knows, and hands everything else to the main thread.
 */
import { fencedAtMs } from "../../core/feed/lease.ts";
import { tokenDigest } from "../../core/revocation/token-digest.ts";
import { createJudge } from "../../core/token/judge.ts";
import { createBodyReader } from "../../http/body-reader.ts";
import { createIsAllowedHost, isBareProbe } from "../../http/host-check.ts";
import { listen } from "../../http/listen.ts";
import { isRoot, refuseHost, type Arrival } from "../../http/token-server/app.ts";
import { createJudgeRoute, type JudgeRouteOptions } from "../../http/token-server/judge-route.ts";
import { createIsVerifier } from "../../http/verifier-key.ts";
import { openReader } from "../../sqlite/open-reader.ts";
import { REMEMBERED_TOKENS } from "../judging.ts";
import { BODY_TIMEOUT_MS, monotonicMs } from "../clock.ts";
import { NewestGrounds, type GroundsView } from "./grounds-view.ts";
import { createTally } from "./tally.ts";
import { createMainSocket } from "./main-socket.ts";
import type { FromWorker, WorkerGrounds, WorkerStart } from "./messages.ts";
import { SharedReader } from "./shared-state.ts";

export interface JudgingThread {
  readonly take: (grounds: WorkerGrounds) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts a thread. It judges nothing before keys and policy of the shared version have come. */
export async function startWorker(
  start: WorkerStart,
  post: (message: FromWorker) => void,
): Promise<JudgingThread> {
  const shared = new SharedReader(start.memory, start.thread);
  const { index, load, close } = await openReader(start.dataDir);
  const newest = new NewestGrounds();
  let isLoading = false;

  /** Tells whether rules, keys and policy are the newest. Rules are read up to the newest sequence here. */
  const isCurrent = (): boolean => {
    const grounds = newest.view;
    if (grounds === undefined || grounds.version !== shared.version() || isLoading) return false;
    if (grounds.epoch === index.epoch) {
      if (shared.seq() <= index.seq) return true;
      try {
        if (index.advance()) return shared.seq() <= index.seq;
      } catch {
        return false;
      }
    }
    isLoading = true;
    load().then(
      () => (isLoading = false),
      () => (isLoading = false),
    );
    return false;
  };

  /**
   * Notes that a valid verdict will be remembered. Where a change was made since it was judged, which may be
   * confirmed without the note, it has to be judged again.
   */
  const noteMemory: JudgeRouteOptions["noteMemory"] = (ttlSeconds, { seq: judgedSeq }) => {
    const nowMs = monotonicMs();
    shared.noteRemembered(judgedSeq, fencedAtMs(nowMs, ttlSeconds * 1000, 0), nowMs);
    if (shared.seq() <= judgedSeq) return undefined;
    return isCurrent() ? Promise.resolve() : Promise.reject(new Error("not up to date"));
  };

  const judge = createJudge({
    ring: () => present(newest.view).ring(nowSeconds(), monotonicMs()),
    decryptionKeys: () => present(newest.view).decryptionKeys,
    policies: () => present(newest.view).policies,
    findRevocation: (claims, subjects, issuer, now, claimsText) =>
      index.findMatch(claims, subjects, issuer, now, () => tokenDigest(claimsText)),
    nowSeconds,
    maxTokenBytes: start.maxTokenBytes,
    rememberedTokens: REMEMBERED_TOKENS,
  });
  const tally = createTally(start.thread, post);
  const isVerifier = createIsVerifier(start.verifierKeys);
  const isAllowedHost = createIsAllowedHost(start.hosts);
  const bodies = createBodyReader(BODY_TIMEOUT_MS, monotonicMs);
  const main = createMainSocket(start.mainSocket);
  const route = createJudgeRoute({
    judge,
    isVerifier,
    judgedAt: () => ({ seq: index.seq, epoch: index.epoch }),
    refreshKeys: () => Promise.resolve(false),
    elsewhere: {
      isNeeded: (ttlSeconds) => ttlSeconds > start.recordedTtlSeconds || !isCurrent(),
      ask: (token, headers) => main.ask("/", { method: "POST", body: token, headers }, "network"),
    },
    noteMemory,
    bodies,
    onVerdict: tally.count,
    onFailure: () => undefined,
  });
  const handle = (request: Request, arrival: () => Arrival): Response | Promise<Response> => {
    const { headers, method, url, signal } = request;
    // Here and not by the main thread: what comes to it by its socket has lost where it came from.
    if (!isAllowedHost(headers.get("host")) && !isBareProbe(request)) {
      if (!isVerifier(headers.get("authorization"))) return refuseHost();
    }
    if (method === "POST" && isRoot(url)) return route(request);
    const { pathname, search } = new URL(url);
    const path = pathname + search;
    if (method === "GET" && pathname === "/feed") {
      return main.poll(path, { headers, signal }, arrival());
    }
    return main.ask(path, { method, headers, signal }, arrival());
  };

  const listeners = start.addresses.map(({ host, port }) =>
    listen(
      { kind: "tcp", host, port, isShared: true },
      {
        maxBodyBytes: start.maxBodyBytes,
        idleTimeoutSeconds: start.idleTimeoutSeconds,
        onFailure: () => undefined,
        handle: (request, arrival, server) => {
          if (request.method !== "POST") server.timeout(request, 0);
          return handle(request, arrival);
        },
      },
    ),
  );
  post({ kind: "listening", thread: start.thread });
  return {
    take: (grounds) => newest.take(grounds, monotonicMs()),
    stop: async () => {
      await Promise.all(listeners.map((one) => one.close()));
      main.close();
      tally.close();
      bodies.close();
      close();
    },
  };
}

function nowSeconds(): number {
  return Date.now() / 1000;
}

function present(grounds: GroundsView | undefined): GroundsView {
  if (grounds === undefined) throw new TypeError("a thread without keys judged");
  return grounds;
}
