/** Verdicts per second over the last hour: a filled line of the valid, a dashed one of the refused. */
import { formatRate } from "../logic/number.ts";
import { type Rate, toPath, toTop } from "../logic/rates.ts";
import { formatClock } from "../logic/time.ts";

const WIDTH = 600;
const HEIGHT = 120;

export function RateChart({ rates }: { readonly rates: readonly Rate[] }) {
  const valid = rates.map((rate) => rate.valid);
  const refused = rates.map((rate) => rate.refused);
  const most = Math.max(0, ...valid, ...refused);
  const top = toTop(most);
  const peak = rates.reduce((best, rate) => (rate.refused > best.refused ? rate : best), {
    at: 0,
    valid: 0,
    refused: 0,
  });
  const line = toPath(valid, top, WIDTH, HEIGHT);
  const summary = `Valid now ${formatRate(valid.at(-1) ?? 0)} per second, refused ${formatRate(refused.at(-1) ?? 0)}`;
  return (
    <figure>
      <div class="hint">{formatRate(top)}</div>
      <svg
        class="chart"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={summary}
      >
        {[0, 0.5, 1].map((share) => (
          <path key={share} class="grid-line" d={`M0 ${HEIGHT * share}H${WIDTH}`} />
        ))}
        {most > 0 && (
          <>
            <path class="good" d={`${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`} stroke="none" />
            <path class="good line" d={line} />
            <path class="bad" d={toPath(refused, top, WIDTH, HEIGHT)} />
          </>
        )}
      </svg>
      <div class="hint chart-axis" aria-hidden="true">
        <span>60 min ago</span>
        <span>now</span>
      </div>
      <figcaption class="legend hint">
        <span class="nowrap">
          <i />
          valid
        </span>
        <span class="nowrap">
          <i class="bad" />
          refused
        </span>
        <span>
          {peak.refused === 0
            ? "nothing refused"
            : `most refused at ${formatClock(peak.at).slice(0, 5)}: ${formatRate(peak.refused)}/s`}
        </span>
      </figcaption>
    </figure>
  );
}
