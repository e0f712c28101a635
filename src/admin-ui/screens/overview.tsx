/** At a glance: is everything enforcing, and is anything about to stop? */
import type { AuditRow, Page, Snapshot } from "../api/types.ts";
import { isAboutOneself } from "../logic/audit-words.ts";
import { formatCount, formatCounted, formatMs, formatRate, formatShare } from "../logic/number.ts";
import { toRates, toRefusals, toTotals } from "../logic/rates.ts";
import { REASON_WORDS } from "../logic/reasons.ts";
import { ChangeList } from "../parts/change-list.tsx";
import { Heading } from "../parts/heading.tsx";
import { Bones, Empty, Notice, StaleNotice } from "../parts/notice.tsx";
import { RateChart } from "../parts/rate-chart.tsx";
import { KeyTable } from "../parts/key-table.tsx";
import { NodeTable } from "../parts/node-table.tsx";
import { VerifierTable } from "../parts/verifier-table.tsx";
import { useLoad } from "../state/load.ts";
import { useServices } from "../state/services.ts";

export function Overview() {
  const { live } = useServices();
  const snapshot = live.snapshot.value;
  return (
    <>
      <Heading title="Overview" hint="Is everything enforcing, and is anything about to stop?" />
      {snapshot === undefined ? (
        <div class="panel">
          <Bones lines={8} />
        </div>
      ) : (
        <div class={live.contact.value === "lost" ? "stale" : ""}>
          <Glance snapshot={snapshot} />
        </div>
      )}
    </>
  );
}

function Glance({ snapshot }: { readonly snapshot: Snapshot }) {
  const { stats, verifiers, keys } = snapshot;
  return (
    <>
      {stats.problems.map(({ name, problem }) => (
        <Notice key={name} tone="bad">
          <b>Not ready: {name}.</b> {problem}
        </Notice>
      ))}
      <Figures snapshot={snapshot} />
      <div class="grid halves gap">
        <div class="stack">
          {verifiers.nodes !== undefined && (
            <section class="panel">
              <h2>Machines</h2>
              <NodeTable nodes={verifiers.nodes} now={stats.now} />
            </section>
          )}
          <section class="panel">
            <h2>Verifiers</h2>
            {verifiers.items.length === 0 ? (
              <Empty title="No HAProxy has reported yet">
                A HAProxy with the verifier key appears here within seconds of its start.
              </Empty>
            ) : (
              <VerifierTable verifiers={verifiers} />
            )}
          </section>
          <section class="panel">
            <div class="panel-head">
              <h2>Keys</h2>
              <a href="/keys">All keys</a>
            </div>
            <KeyTable sources={keys.items} now={stats.now} />
          </section>
        </div>
        <div class="stack">
          <section class="panel">
            <div class="panel-head">
              <h2>Verdicts, last hour</h2>
              <span class="hint">per second</span>
            </div>
            <RateChart rates={toRates(stats.verdicts, stats.now)} />
          </section>
          <LastChanges seq={stats.seq} />
        </div>
      </div>
    </>
  );
}

function Figures({ snapshot: { stats, verifiers } }: { readonly snapshot: Snapshot }) {
  const totals = toTotals(stats.verdicts);
  const judged = totals.valid + totals.refused;
  const all = judged + totals.remembered;
  const rates = toRates(stats.verdicts, stats.now);
  const last = rates.at(-1);
  const reasons = toRefusals(stats.verdicts).slice(0, 3);
  // Those too that have fallen silent since.
  const latencies = verifiers.items.flatMap(({ seq, lastLatencyMs }) =>
    seq === verifiers.seq && lastLatencyMs !== undefined ? [lastLatencyMs] : [],
  );
  const globalRules = stats.index["globalRules"] ?? 0;
  return (
    <div class="grid quarters">
      <div class="panel figure">
        <div class="hint">Verdicts</div>
        <b>
          {formatRate((last?.valid ?? 0) + (last?.refused ?? 0) + (last?.remembered ?? 0))}{" "}
          <small>/s</small>
        </b>
        <div class="hint spread">
          <span>{formatCount(all)} in the last hour</span>
          <span>{formatShare(totals.remembered, all)} from HAProxy’s memory</span>
        </div>
      </div>
      <div class="panel figure">
        <div class="hint">Refused when judged</div>
        <b>{formatShare(totals.refused, judged)}</b>
        <div class="hint spread">
          {reasons.length === 0
            ? `none of ${formatCount(judged)} in the last hour`
            : [
                <span key="">{`${formatCount(totals.refused)} of ${formatCount(judged)} in the last hour`}</span>,
                ...reasons.map(([reason, count]) => (
                  <span key={reason}>
                    {formatCount(count)} {REASON_WORDS.get(reason) ?? reason}
                  </span>
                )),
              ]}
        </div>
      </div>
      <div class="panel figure">
        <div class="hint">Last change enforced after</div>
        <b>{latencies.length === 0 ? "–" : formatMs(Math.max(...latencies))}</b>
        <div class="hint">
          {latencies.length === 0
            ? "no change yet since the start"
            : `slowest of ${formatCounted(latencies.length, "thread", "threads")}`}
        </div>
      </div>
      <div class="panel figure">
        <div class="hint">Rules</div>
        <b>{formatCount(stats.rules["active"] ?? 0)}</b>
        <div class="hint spread">
          <span>
            {formatCount(globalRules)} {globalRules === 1 ? "names" : "name"} no person
          </span>
          <span>{formatCount(stats.rules["expired"] ?? 0)} ended</span>
          <span>{formatCount(stats.rules["lifted"] ?? 0)} lifted</span>
        </div>
      </div>
    </div>
  );
}

/** @param seq the newest change: with another one the list is read again */
function LastChanges({ seq }: { readonly seq: number }) {
  const { api } = useServices();
  const list = useLoad(String(seq), (signal) =>
    api.call<Page<AuditRow>>("/audit", { query: { limit: 40 }, signal }),
  );
  // Who logged in is no change: that is for the audit.
  const changes = (list.data?.items ?? []).filter(({ action }) => !isAboutOneself(action));
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>Last changes</h2>
        <a href="/audit">Whole audit</a>
      </div>
      {list.problem !== undefined && (
        <StaleNotice problem={list.problem} at={list.at} retry={list.reload} />
      )}
      {list.data === undefined ? (
        list.problem === undefined && <Bones lines={6} isTall />
      ) : changes.length === 0 ? (
        <Empty title="Nothing has been changed yet" />
      ) : (
        <ChangeList rows={changes.slice(0, 6)} />
      )}
    </section>
  );
}
