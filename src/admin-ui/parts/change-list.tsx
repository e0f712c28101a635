/** The last changes: when, who, what, why. */
import type { AuditRow } from "../api/types.ts";
import { isRefusedLogin, toAuditReason, toAuditSentence } from "../logic/audit-words.ts";
import { Badge } from "./badge.tsx";
import { Time } from "./time.tsx";

export function ChangeList({
  rows,
  rule,
}: {
  readonly rows: readonly AuditRow[];
  /** The rule that all of them are about, where one looks at it already. */
  readonly rule?: number;
}) {
  return (
    <ul class="changes">
      {rows.map((row) => (
        <li key={row.id}>
          <span class="soft">
            <Time at={row.atMs / 1000} />
          </span>
          <div>
            <AuditSentence row={row} {...(rule === undefined ? {} : { here: rule })} />
            <Why row={row} />
          </div>
        </li>
      ))}
    </ul>
  );
}

/**
 * "ops-1 lifted rule 12": what has a screen of its own with its link.
 *
 * @param here the rule whose screen this is: no link leads to where one is
 */
export function AuditSentence({ row, here }: { readonly row: AuditRow; readonly here?: number }) {
  const hasBadge = row.outcome === "refused" && !isRefusedLogin(row);
  return (
    <>
      {toAuditSentence(row).map((part, index) => {
        if (typeof part === "string") return part;
        if ("strong" in part) {
          return (
            <b class="name" key={index}>
              {part.strong}
            </b>
          );
        }
        const text = `rule\u00a0${part.rule}`;
        return part.rule === here ? (
          text
        ) : (
          <a key={index} href={`/rules/${part.rule}`}>
            {text}
          </a>
        );
      })}
      {hasBadge && (
        <>
          {"\u00a0"}
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
