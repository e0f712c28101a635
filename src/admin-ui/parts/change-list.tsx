/** The last changes: when, who, what, why. */
import type { AuditRow } from "../api/types.ts";
import { actionWords, isAboutOneself, ruleOf } from "../logic/reasons.ts";
import { Badge } from "./badge.tsx";
import { Time } from "./time.tsx";

export function ChangeList({ rows }: { readonly rows: readonly AuditRow[] }) {
  return (
    <ul class="changes">
      {rows.map((row) => (
        <li key={row.id}>
          <span class="soft">
            <Time at={row.atMs / 1000} />
          </span>
          <div>
            <AuditSentence row={row} />
            {row.reason !== undefined && row.reason !== "" && <div class="hint">{row.reason}</div>}
          </div>
        </li>
      ))}
    </ul>
  );
}

/** "ops-1 wrote rule 12": what has a screen of its own with its link. */
export function AuditSentence({ row }: { readonly row: AuditRow }) {
  return (
    <>
      <b>{row.actor.who}</b> {actionWords(row.action)} <Target row={row} />
      {row.outcome === "refused" && (
        <>
          {" "}
          <Badge tone="bad">refused</Badge>
        </>
      )}
    </>
  );
}

function Target({ row }: { readonly row: AuditRow }) {
  const rule = ruleOf(row.action, row.target);
  if (rule !== undefined) return <a href={`/rules/${rule}`}>{rule}</a>;
  if (!isAboutOneself(row.action)) return <b>{row.target}</b>;
  // Nobody has logged in: then the name tried stands here.
  return row.target === row.actor.who ? null : <>as {row.target}</>;
}
