/** The last changes: when, who, what, why. */
import type { AuditRow } from "../api/types.ts";
import { actionWords, ruleOf } from "../logic/reasons.ts";
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

/** "ops-1 wrote rule 12": each with its link. */
export function AuditSentence({ row }: { readonly row: AuditRow }) {
  const rule = ruleOf(row.action, row.target);
  return (
    <>
      <b>{row.actor.who}</b> {actionWords(row.action)}{" "}
      {rule === undefined ? (
        row.target !== row.actor.who && row.target
      ) : (
        <a href={`/rules/${rule}`}>{rule}</a>
      )}
      {row.outcome === "refused" && (
        <>
          {" "}
          <Badge tone="bad">refused</Badge>
        </>
      )}
    </>
  );
}
