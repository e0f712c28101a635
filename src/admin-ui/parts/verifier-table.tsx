/** Each thread of each HAProxy: what it has applied, how long that took, when it was last heard. */
import type { Verifiers } from "../api/types.ts";
import { verifierState } from "../logic/enforcement.ts";
import { formatCount, formatMs } from "../logic/number.ts";
import { Badge } from "./badge.tsx";
import { Time } from "./time.tsx";

export function VerifierTable({ verifiers }: { readonly verifiers: Verifiers }) {
  return (
    <table class="short">
      <thead>
        <tr>
          <th>Thread</th>
          <th class="tight">Rules</th>
          <th class="tight">Lag</th>
          <th class="tight">Heard</th>
          <th class="tight">State</th>
        </tr>
      </thead>
      <tbody>
        {verifiers.items.map((one) => {
          const state = verifierState(one, verifiers.seq);
          return (
            <tr key={one.id}>
              <th scope="row">
                <code>{one.name}</code>
              </th>
              <td class="tight" data-label="Rules">
                <span class="number">#{formatCount(Math.max(0, one.seq))}</span>
              </td>
              <td class="tight" data-label="Lag">
                <span class="number">
                  {one.lastLatencyMs === undefined ? "–" : formatMs(one.lastLatencyMs)}
                </span>
              </td>
              <td class="tight" data-label="Heard">
                <Time
                  at={one.lastContactMs / 1000}
                  {...(one.silentForMs < 5000 ? { words: "just now" } : {})}
                />
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
