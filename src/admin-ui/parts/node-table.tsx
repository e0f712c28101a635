/** Each machine that shares the store: what it has applied, its threads, when it was last heard. */
import type { Node } from "../api/types.ts";
import { nodeState } from "../logic/enforcement.ts";
import { formatCount } from "../logic/number.ts";
import { Badge } from "./badge.tsx";
import { Time } from "./time.tsx";

/** @param now Unix seconds at which the nodes were so */
export function NodeTable({
  nodes,
  now,
}: {
  readonly nodes: readonly Node[];
  readonly now: number;
}) {
  return (
    <table class="short">
      <thead>
        <tr>
          <th>Machine</th>
          <th class="tight">Rules</th>
          <th class="tight">Behind</th>
          <th class="tight">Threads</th>
          <th class="tight">Lease renewed</th>
          <th class="tight">State</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map((one) => {
          const state = nodeState(one);
          const live = one.verifiers.filter(({ isLive }) => isLive).length;
          return (
            <tr key={one.id}>
              <th scope="row">
                <code>{one.name}</code> {one.isThis && <span class="hint">this one</span>}
              </th>
              <td class="tight" data-label="Rules">
                <span class="number">#{formatCount(Math.max(0, one.seq))}</span>
              </td>
              <td class="tight" data-label="Behind">
                <span class="number">{formatCount(one.behind)}</span>
              </td>
              <td class="tight" data-label="Threads">
                <span class="number">
                  {live} of {one.verifiers.length}
                </span>
              </td>
              <td class="tight" data-label="Lease renewed">
                <Time at={now - one.silentForMs / 1000} />
              </td>
              <td class="tight" data-label="State">
                <Badge tone={state.tone}>{state.text}</Badge>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
