/** The last changes: when, who, what, why. */
import type { AuditRow } from "../api/types.ts";
import { toAuditReason, toAuditSentence } from "../logic/audit-words.ts";
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
            <Why row={row} />
          </div>
        </li>
      ))}
    </ul>
  );
}

/** "ops-1 lifted rule 12": what has a screen of its own with its link. */
export function AuditSentence({ row }: { readonly row: AuditRow }) {
  return (
    <>
      <b>{row.actor.who}</b>{" "}
      {toAuditSentence(row).map((part, index) => {
        if (typeof part === "string") return part;
        if ("strong" in part) return <b key={index}>{part.strong}</b>;
        return (
          <a key={index} href={`/rules/${part.rule}`}>
            {part.rule}
          </a>
        );
      })}
      {row.outcome === "refused" && (
        <>
          {" "}
          <Badge tone="bad">refused</Badge>
        </>
      )}
    </>
  );
}

function Why({ row }: { readonly row: AuditRow }) {
  const reason = toAuditReason(row);
  return reason === undefined ? null : <div class="hint">{reason}</div>;
}
