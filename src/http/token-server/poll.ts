/** Reads what a verifier says of itself when it polls the feed. */
import type { PollReport } from "../../core/feed/verifier-registry.ts";

/** What a verifier has counted since it began, under the id that it polls with. */
export interface PollTotals {
  readonly hits: number;
  readonly misses: number;
  readonly staleHits: number;
}

export interface ParsedPoll {
  readonly report: PollReport;
  readonly totals: PollTotals;
}

/** A longer best effort could not be waited for; it is refused, not believed less. */
const MAX_STALE_SECONDS = 86_400;

/**
 * Parses the headers of a poll; undefined where one is not what it should be.
 *
 * @param epoch the store's: a sequence of another one means nothing here
 * @param newestSeq a sequence beyond it means nothing either
 */
export function parsePoll(
  headers: Headers,
  epoch: string,
  newestSeq: number,
): ParsedPoll | undefined {
  const id = headers.get("x-jwt-verifier") ?? "";
  const staleSeconds = parseMode(headers.get("x-jwt-mode") ?? "strict");
  if (!/^[\w.:-]{8,128}$/.test(id) || staleSeconds === undefined) return undefined;
  const stats = parseStats(headers.get("x-jwt-stats") ?? "");
  const seq =
    headers.get("x-jwt-epoch") === epoch ? parseCount(headers.get("x-jwt-seq")) : undefined;
  const report: PollReport = {
    id,
    name: toShown(headers.get("x-jwt-verifier-name") ?? id, 128),
    seq: seq !== undefined && seq <= newestSeq ? seq : undefined,
    staleSeconds,
    version: toShown(headers.get("user-agent") ?? "", 64) || undefined,
    entries: stats.get("entries") ?? 0,
  };
  const totals: PollTotals = {
    hits: stats.get("hits") ?? 0,
    misses: stats.get("asked") ?? 0,
    staleHits: stats.get("stale") ?? 0,
  };
  return { report, totals };
}

/** Seconds of best effort; 0 = strict; undefined for anything else. */
function parseMode(mode: string): number | undefined {
  if (mode === "strict") return 0;
  const seconds = parseCount(/^best-effort:(\d+)$/.exec(mode)?.[1] ?? null);
  return seconds !== undefined && seconds <= MAX_STALE_SECONDS ? seconds : undefined;
}

function parseStats(text: string): ReadonlyMap<string, number> {
  const stats = new Map<string, number>();
  for (const match of text.matchAll(/(?:^|,)([a-z]{1,16})=(\d{1,15})(?=,|$)/g)) {
    stats.set(match[1] ?? "", Number(match[2]));
  }
  return stats;
}

function parseCount(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Only what may stand in a log and on a page. */
function toShown(text: string, length: number): string {
  return text.replace(/[^\w .:@/+~-]/g, "_").slice(0, length);
}
