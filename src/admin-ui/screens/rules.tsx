/** All rules: search, filter, page, export. */
import { useEffect } from "preact/hooks";
import { formatCount } from "../logic/number.ts";
import { type ReadRule, readRulePage } from "../logic/rule-json.ts";
import { withFilters } from "../logic/routes.ts";
import { mayAct } from "../logic/roles.ts";
import { Button } from "../parts/button.tsx";
import { ExportButton } from "../parts/export-button.tsx";
import { Select } from "../parts/field.tsx";
import { Heading } from "../parts/heading.tsx";
import { ListFrame } from "../parts/list-frame.tsx";
import { RuleTable } from "../parts/rule-table.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { useNews } from "../state/news.ts";
import { usePages } from "../state/pages.ts";
import { useServices } from "../state/services.ts";

const FILTERS = ["q", "state", "scope", "via", "sort", "order"] as const;
type Filter = (typeof FILTERS)[number];

/** What each order is in the address: sort and order. */
const ORDERS: ReadonlyMap<string, readonly [sort: string, order: string]> = new Map([
  ["", ["", ""]],
  ["asc", ["", "asc"]],
  ["end asc", ["end", "asc"]],
  ["end", ["end", ""]],
]);

const NO_FILTERS = { q: "", state: "", scope: "", via: "" } as const;

export function Rules() {
  const { api, router, session, live } = useServices();
  const query = router.query.value;
  const filters = Object.fromEntries(
    FILTERS.map((name) => [name, query.get(name) ?? ""]),
  ) as Record<Filter, string>;
  const change = (more: Partial<Record<Filter, string>>) =>
    router.go(withFilters("/rules", { ...filters, ...more }), "replace");
  const set = (name: Filter, value: string) => change({ [name]: value });
  const pages = usePages<ReadRule>(JSON.stringify(filters), async (cursor, signal) =>
    readRulePage(
      await api.text("/rules", {
        query: { ...filters, cursor, limit: 50 },
        ...(signal === undefined ? {} : { signal }),
      }),
    ),
  );
  const seq = live.snapshot.value?.stats.seq;
  const counts = live.snapshot.value?.stats.rules ?? {};
  const hasNews = useNews(pages.at, seq);
  // What others change meanwhile is offered, never moved under the reader's hand; one's own is shown.
  const own = useServices().changes.last.value?.written?.seq;
  useEffect(() => {
    if (own !== undefined) pages.reload();
  }, [own]);
  return (
    <>
      <Heading
        title="Rules"
        hint={`${formatCount(counts["active"] ?? 0)} active · ${formatCount(counts["expired"] ?? 0)} ended · ${formatCount(counts["lifted"] ?? 0)} lifted`}
      >
        <ExportButton path="/rules" query={filters} name="rules" />
        {mayAct(session.me.value?.role ?? "viewer", "operator") && (
          <a class="button" data-kind="main" href="/revoke">
            Revoke…
          </a>
        )}
      </Heading>
      <div class="panel">
        <div class="filters">
          <SearchField
            label="Person, reason, rule or #number"
            isLabelHidden
            value={filters.q}
            onSearch={(value) => {
              // A number alone is a rule's: its page is nearer than a search.
              if (/^#[1-9]\d{0,14}$/.test(value)) router.go(`/rules/${value.slice(1)}`);
              else set("q", value);
            }}
          />
          <Select
            label="State"
            isLabelHidden
            value={filters.state}
            onChange={(value) => set("state", value)}
            options={[
              ["", "Any state"],
              ["active", "Active"],
              ["expired", "Ended"],
              ["lifted", "Lifted"],
              ["unreadable", "Unreadable"],
            ]}
          />
          <Select
            label="For whom"
            isLabelHidden
            value={filters.scope}
            onChange={(value) => set("scope", value)}
            options={[
              ["", "For anybody"],
              ["subject", "For a person"],
              ["global", "No person named"],
            ]}
          />
          <Select
            label="Source"
            isLabelHidden
            value={filters.via}
            onChange={(value) => set("via", value)}
            options={[
              ["", "Any source"],
              ["page", "This page"],
              ["api", "API"],
              ["cli", "Command line"],
              ["import", "Import"],
              ["server", "Server"],
            ]}
          />
          {/* Where rows are cards there is no head to sort by. */}
          <div class="narrow-only">
            <Select
              label="Order"
              isLabelHidden
              value={`${filters.sort} ${filters.order}`.trim()}
              onChange={(value) => {
                const [sort = "", order = ""] = ORDERS.get(value) ?? [];
                change({ sort, order });
              }}
              options={[
                ["", "Newest first"],
                ["asc", "Oldest first"],
                ["end asc", "Ending next first"],
                ["end", "Ending last first"],
              ]}
            />
          </div>
        </div>
        <ListFrame
          pages={pages}
          news={hasNews ? "There are newer changes." : undefined}
          empty={
            [filters.q, filters.state, filters.scope, filters.via].some((value) => value !== "")
              ? {
                  title: filters.q === "" ? "No rule fits" : `No rule fits “${filters.q}”`,
                  text: "Rules that are over are forgotten after a while.",
                  action: <Button onClick={() => change(NO_FILTERS)}>Clear the search</Button>,
                }
              : {
                  title: "No rules yet",
                  text: "A rule comes about when somebody revokes something.",
                }
          }
        >
          {(items) => (
            <RuleTable
              rules={items}
              sort={filters.sort}
              order={filters.order}
              onSort={(sort, order) => change({ sort, order })}
            />
          )}
        </ListFrame>
      </div>
    </>
  );
}
