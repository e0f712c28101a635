/** Rules as rows: what each says, for whom, why, since when, until when. */
import { namesAnId } from "../logic/rule-aim.ts";
import type { ReadRule } from "../logic/rule-json.ts";
import { useServices } from "../state/services.ts";
import { Badge, RuleStateBadge } from "./badge.tsx";
import { Icon } from "./icon.tsx";
import { RuleWords } from "./rule-words.tsx";
import { Ends, Time } from "./time.tsx";

export interface RuleTableProps {
  readonly rules: readonly ReadRule[];
  /** "end" is by when a rule ends, anything else by when it was written. */
  readonly sort: string;
  /** "asc" is the earliest first, anything else the latest. */
  readonly order: string;
  readonly onSort: (sort: string, order: string) => void;
}

export function RuleTable({ rules, sort, order, onSort }: RuleTableProps) {
  const { router } = useServices();
  const isByEnd = sort === "end";
  const turned = order === "asc" ? "" : "asc";
  return (
    <table class="cards">
      <thead>
        <tr>
          <th class="third">What it says</th>
          <th>For whom</th>
          <th>Why</th>
          <OrderHead
            text="Written"
            order={isByEnd ? undefined : order}
            onOrder={() => onSort("", isByEnd ? "" : turned)}
          />
          <OrderHead
            text="Ends"
            order={isByEnd ? order : undefined}
            // What ends next is what one looks for.
            onOrder={() => onSort("end", isByEnd ? turned : "asc")}
          />
          <th class="tight">State</th>
        </tr>
      </thead>
      <tbody>
        {rules.map((rule) => (
          <tr
            key={rule.id}
            class="link"
            onClick={(event) => {
              const isControl =
                event.target instanceof Element && event.target.closest("a, time") !== null;
              if (!isControl && getSelection()?.isCollapsed !== false)
                router.go(`/rules/${rule.id}`);
            }}
          >
            <td>
              <a href={`/rules/${rule.id}`} aria-label={`Rule ${rule.id}`}>
                <span class="mono nowrap">{rule.id}</span>
              </a>{" "}
              <RuleWords rule={rule} />
            </td>
            <td data-label="For whom">
              <Scope rule={rule} />
            </td>
            <td data-label="Why">{rule.reason}</td>
            <td class="tight" data-label="Written">
              <div>
                <Time at={rule.addedAt} />
                <div class="hint any">{rule.addedBy.who}</div>
              </div>
            </td>
            <td class="tight" data-label="Ends">
              <Ends at={rule.expireAt} />
            </td>
            <td class="tight" data-label="State">
              <RuleStateBadge state={rule.state} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Scope({ rule }: { readonly rule: ReadRule }) {
  if (rule.scope === "global") {
    return namesAnId(rule.json) ? (
      <Badge tone="plain">no person named</Badge>
    ) : (
      <Badge tone="bad" icon="people">
        everybody
      </Badge>
    );
  }
  return (
    <div>
      <b class="any">{rule.subject}</b>
      {rule.issuer !== undefined && <div class="hint any">of {rule.issuer}</div>}
    </div>
  );
}

function OrderHead({
  text,
  order,
  onOrder,
}: {
  readonly text: string;
  /** Undefined while the table is in another order. */
  readonly order: string | undefined;
  readonly onOrder: () => void;
}) {
  const isAscending = order === "asc";
  const direction = isAscending ? "ascending" : "descending";
  return (
    <th class="tight" {...(order === undefined ? {} : { "aria-sort": direction })}>
      <button type="button" onClick={onOrder}>
        {text}
        {order !== undefined && <Icon name={isAscending ? "up" : "down"} />}
      </button>
      {/* The head's name for those who hear it, where its button is not. */}
      <span class="narrow-only">{text}</span>
    </th>
  );
}
