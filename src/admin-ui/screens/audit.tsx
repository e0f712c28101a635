/** Audit: who changed what, when, from where and why. */
import type { AuditRow, Page } from "../api/types.ts";
import { toAuditReason } from "../logic/audit-words.ts";
import { parseInputMoment } from "../logic/time.ts";
import { withFilters } from "../logic/routes.ts";
import { AuditSentence } from "../parts/change-list.tsx";
import { ExportButton } from "../parts/export-button.tsx";
import { Field, Select } from "../parts/field.tsx";
import { Heading } from "../parts/heading.tsx";
import { ListFrame } from "../parts/list-frame.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { Time } from "../parts/time.tsx";
import { useNews } from "../state/news.ts";
import { usePages } from "../state/pages.ts";
import { useServices } from "../state/services.ts";

const FILTERS = ["who", "action", "target", "from", "to"] as const;
type Filter = (typeof FILTERS)[number];

export function Audit() {
  const { api, router, live } = useServices();
  const query = router.query.value;
  const filters = Object.fromEntries(
    FILTERS.map((name) => [name, query.get(name) ?? ""]),
  ) as Record<Filter, string>;
  const set = (name: Filter, value: string) =>
    router.go(withFilters("/audit", { ...filters, [name]: value }), "replace");
  const asked = {
    ...filters,
    from: toSeconds(filters.from),
    to: toSeconds(filters.to),
  };
  const pages = usePages<AuditRow>(JSON.stringify(asked), (cursor, signal) =>
    api.call<Page<AuditRow>>("/audit", {
      query: { ...asked, cursor, limit: 50 },
      ...(signal === undefined ? {} : { signal }),
    }),
  );
  const seq = live.snapshot.value?.stats.seq;
  const hasNews = useNews(pages.at, seq);
  return (
    <>
      <Heading title="Audit" hint="Who changed what, when, from where and why.">
        <ExportButton path="/audit" query={asked} name="audit" />
      </Heading>
      <div class="panel">
        <div class="filters">
          <SearchField label="Who" value={filters.who} onSearch={(value) => set("who", value)} />
          <SearchField
            label="Whom or what it was done to"
            value={filters.target}
            onSearch={(value) => set("target", value)}
          />
          <Select
            label="What was done"
            value={filters.action}
            onChange={(value) => set("action", value)}
            options={[
              ["", "Anything was done"],
              ["rule.add", "Rules written"],
              ["rule.lift", "Rules lifted"],
              ["rule.import", "Rules imported"],
              ["session.create", "Logins"],
              ["person.create", "People added"],
              ["token.create", "API tokens made"],
            ]}
          />
        </div>
        <details open={filters.from !== "" || filters.to !== ""}>
          <summary>Only between two moments</summary>
          <div class="filters">
            <Field
              label="From"
              type="datetime-local"
              value={filters.from}
              onInput={(value) => set("from", value)}
            />
            <Field
              label="To"
              type="datetime-local"
              value={filters.to}
              onInput={(value) => set("to", value)}
            />
          </div>
        </details>
        <ListFrame
          pages={pages}
          news={hasNews ? "There are newer changes." : undefined}
          empty={{ title: "Nothing here", text: "No change fits what you look for." }}
        >
          {(items) => <AuditTable rows={items} />}
        </ListFrame>
      </div>
    </>
  );
}

function AuditTable({ rows }: { readonly rows: readonly AuditRow[] }) {
  return (
    <table class="cards audit">
      <thead>
        <tr>
          <th class="tight">When</th>
          <th>Who did what</th>
          <th>Why</th>
          <th class="tight">From where</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <td class="tight" data-label="When">
              <Time at={row.atMs / 1000} />
            </td>
            <td>
              <AuditSentence row={row} />
            </td>
            <td data-label="Why">{toAuditReason(row)}</td>
            <td class="tight" data-label="From where">
              <span class="soft">
                {row.actor.via}, from {row.actor.from}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function toSeconds(moment: string): string {
  const at = parseInputMoment(moment);
  return at === undefined ? "" : String(at);
}
