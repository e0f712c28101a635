/** One rule: what it says, whom it is for, what happened to it, and the way to lift it. */
import { useEffect, useState } from "preact/hooks";
import type { ApiProblem } from "../api/problem.ts";
import type { AuditRow, Page } from "../api/types.ts";
import { formatJson } from "../logic/json-text.ts";
import { mayAct } from "../logic/roles.ts";
import { type ReadRule, readRule } from "../logic/rule-json.ts";
import { RuleStateBadge } from "../parts/badge.tsx";
import { Button } from "../parts/button.tsx";
import { ChangeList } from "../parts/change-list.tsx";
import { Heading } from "../parts/heading.tsx";
import { Bones, Empty, Notice, ProblemNotice, StaleNotice } from "../parts/notice.tsx";
import { ReasonDialog } from "../parts/reason-dialog.tsx";
import { Scope } from "../parts/rule-table.tsx";
import { ExactWords, RuleWords } from "../parts/rule-words.tsx";
import { Ends, Time } from "../parts/time.tsx";
import { WAIT } from "../state/changes.ts";
import { useLoad } from "../state/load.ts";
import { useServices } from "../state/services.ts";
import type { Written } from "../api/types.ts";

interface Detail {
  readonly rule: ReadRule;
  readonly history: readonly AuditRow[];
}

export function RuleDetail({ id }: { readonly id: number }) {
  const { api, changes } = useServices();
  const loaded = useLoad<Detail>(`rule ${id}`, async (signal) => {
    const [text, audit] = await Promise.all([
      api.text(`/rules/${id}`, { signal }),
      api.call<Page<AuditRow>>("/audit", { query: { rule: id, limit: 50 }, signal }),
    ]);
    return { rule: readRule(text), history: audit.items };
  });
  const own = changes.last.value?.written?.seq;
  useEffect(() => {
    if (own !== undefined) loaded.reload();
  }, [own]);
  const { data, problem } = loaded;
  return (
    <>
      <Heading title={`Rule ${id}`}>
        {data !== undefined && <LiftButton rule={data.rule} onConflict={loaded.reload} />}
      </Heading>
      {data === undefined && problem === undefined && (
        <div class="panel">
          <Bones />
        </div>
      )}
      {problem !== undefined &&
        (data === undefined ? (
          <NoRule id={id} problem={problem} retry={loaded.reload} />
        ) : (
          <StaleNotice problem={problem} at={loaded.at} retry={loaded.reload} />
        ))}
      {data !== undefined && <Facts detail={data} />}
    </>
  );
}

function NoRule({
  id,
  problem,
  retry,
}: {
  readonly id: number;
  readonly problem: ApiProblem;
  readonly retry: () => void;
}) {
  if (problem.status !== 404) return <ProblemNotice problem={problem} retry={retry} />;
  return (
    <div class="panel">
      <Empty title={`There is no rule ${id}`}>
        Nobody has written one of this number, or it was over for so long that it is forgotten.{" "}
        <a href="/rules">All rules</a>
      </Empty>
    </div>
  );
}

function Facts({ detail: { rule, history } }: { readonly detail: Detail }) {
  return (
    <>
      {rule.state === "unreadable" && (
        <Notice tone="bad">
          <b>This version cannot read this rule.</b> Until it is lifted it refuses every token of
          its scope.
        </Notice>
      )}
      <div class="grid halves">
        <section class="panel">
          <div class="hint">It refuses</div>
          <p class="sentence">
            <RuleWords rule={rule} />.
          </p>
          <dl class="facts">
            <Fact name="State">
              <RuleStateBadge state={rule.state} />
            </Fact>
            <Fact name="For whom">
              <Scope rule={rule} />
            </Fact>
            <Fact name="Why">{rule.reason}</Fact>
            <Fact name="Written">
              <Time at={rule.addedAt} /> by <b>{rule.addedBy.who}</b>
              <div class="hint">
                {rule.addedBy.via}, from {rule.addedBy.from}
              </div>
            </Fact>
            <Fact name="Ends">
              <Ends at={rule.expireAt} />
            </Fact>
            {rule.lifted !== undefined && (
              <Fact name="Lifted">
                <Time at={rule.lifted.at} /> by <b>{rule.lifted.by.who}</b>
                <div class="hint">{rule.lifted.reason}</div>
              </Fact>
            )}
            <Fact name="Change">
              <span class="mono">#{rule.seq}</span>
            </Fact>
          </dl>
        </section>
        <div>
          <section class="panel">
            <h2>As JSON</h2>
            <p class="hint field">
              <ExactWords text={rule.words} />
            </p>
            <pre class="json" tabIndex={0}>
              {toJsonText(rule)}
            </pre>
          </section>
          <section class="panel">
            <h2>History</h2>
            {history.length === 0 ? (
              <p class="soft">The audit no longer reaches back so far.</p>
            ) : (
              <ChangeList rows={history} rule={rule.id} />
            )}
          </section>
        </div>
      </div>
    </>
  );
}

function Fact({
  name,
  children,
}: {
  readonly name: string;
  readonly children: preact.ComponentChildren;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function LiftButton({
  rule,
  onConflict,
}: {
  readonly rule: ReadRule;
  readonly onConflict: () => void;
}) {
  const { api, changes, session } = useServices();
  const [isOpen, setOpen] = useState(false);
  const isStanding = rule.state === "active" || rule.state === "unreadable";
  if (!mayAct(session.me.value?.role ?? "viewer", "operator")) return null;
  // What went wrong is said in the dialog: it stays when somebody else was faster.
  if (!isStanding && !isOpen) return null;
  // Nobody lifts a rule that somebody else has changed since it was looked at.
  const headers = { "if-match": `"${rule.id}-${rule.seq}"` };
  const lift = (reason: string) =>
    changes
      .make(`Rule ${rule.id} is lifted`, false, () =>
        api.call<Written>(`/rules/${rule.id}`, {
          method: "DELETE",
          query: WAIT,
          body: { reason },
          headers,
        }),
      )
      .catch((error: unknown) => {
        onConflict();
        throw error;
      });
  return (
    <>
      {isStanding && <Button onClick={() => setOpen(true)}>Lift this rule…</Button>}
      {isOpen && (
        <ReasonDialog
          title={`Lift rule ${rule.id}?`}
          consequence={`Tokens that only this rule refuses are accepted again, on every thread at once. The rule stays in the history.`}
          action={`Lift rule ${rule.id}`}
          onConfirm={lift}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}

/** An unreadable rule is a text as it is. */
function toJsonText({ json }: ReadRule): string | undefined {
  return json?.kind === "string" ? json.value : json && formatJson(json);
}
