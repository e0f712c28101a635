/** Counts a judging thread's verdicts and tells the main thread once a second. */
import type { Verdict } from "../../core/token/verdict.ts";
import type { JudgingPath } from "../../http/token-server/judge-route.ts";
import type { FromWorker, VerdictCount } from "./messages.ts";
import { type ReportedToken, toReportedToken } from "./reported-token.ts";

export interface Tally {
  readonly count: (verdict: Verdict, seconds: number, path: JudgingPath) => void;
  /** Tells what is left. */
  readonly close: () => void;
}

const REPORT_MS = 1000;
/** Accepted tokens that are told per report, for the sample that previews look at. */
const SEEN_PER_REPORT = 50;

export function createTally(thread: number, post: (message: FromWorker) => void): Tally {
  const verdicts = new Map<string, VerdictCount>();
  const seen: ReportedToken[] = [];
  const report = (): void => {
    if (verdicts.size === 0) return;
    post({ kind: "report", thread, verdicts: [...verdicts.values()], seen: seen.splice(0) });
    verdicts.clear();
  };
  const timer = setInterval(report, REPORT_MS);
  return {
    count(verdict, seconds, path) {
      const detail = verdict.isValid ? "" : verdict.detail;
      const key = `${path} ${detail}`;
      const known = verdicts.get(key);
      const count = (known?.count ?? 0) + 1;
      verdicts.set(key, { detail, path, count, seconds: (known?.seconds ?? 0) + seconds });
      if (verdict.isValid && seen.length < SEEN_PER_REPORT) {
        seen.push(toReportedToken(verdict.token));
      }
    },
    close() {
      clearInterval(timer);
      report();
    },
  };
}
