/** Key sources at a glance: what they gave, how old it is, what is wrong. */
import type { KeySource } from "../api/types.ts";
import { countAlgorithms } from "../logic/algorithms.ts";
import { Badge } from "./badge.tsx";
import { Empty } from "./notice.tsx";
import { Time } from "./time.tsx";

/** @param now Unix seconds at which the sources were so */
export function KeyTable({
  sources,
  now,
}: {
  readonly sources: readonly KeySource[];
  readonly now: number;
}) {
  if (sources.length === 0) {
    return (
      <Empty title="No key source">
        Name one with JWT_JWKS_FILE, JWT_JWKS_URL or JWT_OIDC_ISSUERS.
      </Empty>
    );
  }
  return (
    <table class="short">
      <thead>
        <tr>
          <th>Source</th>
          <th>Keys</th>
          <th class="tight">Read</th>
          <th class="tight">State</th>
        </tr>
      </thead>
      <tbody>
        {sources.map((source) => (
          <tr key={source.source}>
            <th scope="row">{source.source}</th>
            <td data-label="Keys">
              <code>{countAlgorithms(source.keys)}</code>
            </td>
            <td class="tight" data-label="Read">
              {source.ageSeconds === undefined ? "–" : <Time at={now - source.ageSeconds} />}
            </td>
            <td class="tight" data-label="State">
              <SourceBadge source={source} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function SourceBadge({ source }: { readonly source: KeySource }) {
  if (source.error !== undefined) {
    return source.keys.length > 0 ? (
      <Badge tone="warn">fails, last good</Badge>
    ) : (
      <Badge tone="bad">fails, no keys</Badge>
    );
  }
  if (source.keys.length === 0) return <Badge tone="bad">no keys</Badge>;
  return source.problems.length > 0 ? (
    <Badge tone="warn">some unusable</Badge>
  ) : (
    <Badge tone="good">fresh</Badge>
  );
}
