/** Lets a node judge only while it may: under its lease, from the question to the answer. */
import type { Judge } from "../../core/token/judge.ts";
import { refused, type Verdict } from "../../core/token/verdict.ts";

/** A judge that says nobody can judge once the node may not; the same judge where nothing is shared. */
export function underLease(
  judge: Judge,
  cluster: { readonly node: { mayJudge(): boolean } } | undefined,
): Judge {
  if (cluster === undefined) return judge;
  const checked = (verdict: Verdict): Verdict =>
    cluster.node.mayJudge() ? verdict : refused("unavailable");
  return (token, options) => {
    if (!cluster.node.mayJudge()) return refused("unavailable");
    const verdict = judge(token, options);
    return verdict instanceof Promise ? verdict.then(checked) : verdict;
  };
}
