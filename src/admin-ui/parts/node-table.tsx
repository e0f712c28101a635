/** Each machine that shares the store: what it has applied, its threads, when it was last heard. */
import type { Node } from "../api/types.ts";
import { nodeState } from "../logic/enforcement.ts";
import { formatCount, formatDuration } from "../logic/number.ts";
import { Badge } from "./badge.tsx";

export function NodeTable({ nodes }: { readonly nodes: readonly Node[] }) {
  return (
    <table class="cards">
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
                <span class="nowrap">{formatDuration(one.silentForMs / 1000)} ago</span>
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
