/**
 * Verdicts per second over the last hour: a filled line of the valid, a dashed one of the refused; below,
 * on its own scale because it is so much more, what HAProxy answered from its memory.
 */
import type { ComponentChildren } from "preact";
import { formatRate } from "../logic/number.ts";
import { type Rate, toPath, toTop } from "../logic/rates.ts";
import { Time } from "./time.tsx";

const WIDTH = 600;
const HEIGHT = 120;

export function RateChart({ rates }: { readonly rates: readonly Rate[] }) {
  const valid = rates.map((rate) => rate.valid);
  const refused = rates.map((rate) => rate.refused);
  const remembered = rates.map((rate) => rate.remembered);
  const judgedTop = toTop(Math.max(0, ...valid, ...refused));
  const rememberedTop = toTop(Math.max(0, ...remembered));
  return (
    <figure>
      <Plot
        title="judged by the server"
        top={judgedTop}
        label={`Judged now per second: ${formatRate(valid.at(-1) ?? 0)} valid, ${formatRate(refused.at(-1) ?? 0)} refused`}
      >
        <Area values={valid} top={judgedTop} />
        {refused.some((rate) => rate > 0) && (
          <path class="bad" d={toPath(refused, judgedTop, WIDTH, HEIGHT)} />
        )}
      </Plot>
      <figcaption class="legend hint">
        <span class="nowrap">
          <i />
          valid
        </span>
        <span class="nowrap">
          <i class="bad" />
          refused
        </span>
        <Remark rates={rates} />
      </figcaption>
      <Plot
        title="answered from HAProxy’s memory"
        top={rememberedTop}
        label={`Answered from memory now per second: ${formatRate(remembered.at(-1) ?? 0)}`}
        isLow
      >
        <Area values={remembered} top={rememberedTop} />
      </Plot>
      <div class="hint chart-ends" aria-hidden="true">
        <span>60 min ago</span>
        <span>now</span>
      </div>
    </figure>
  );
}

function Plot({
  title,
  top,
  label,
  isLow = false,
  children,
}: {
  readonly title: string;
  readonly top: number;
  readonly label: string;
  readonly isLow?: boolean;
  readonly children: ComponentChildren;
}) {
  return (
    <>
      <div class="hint chart-ends">
        <span>{title}</span>
        <span>{formatRate(top)}</span>
      </div>
      <svg
        class={isLow ? "chart low" : "chart"}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        {(isLow ? [0, 1] : [0, 0.5, 1]).map((share) => (
          <path key={share} class="grid-line" d={`M0 ${HEIGHT * share}H${WIDTH}`} />
        ))}
        {children}
      </svg>
    </>
  );
}

/** A filled line; nothing where there was nothing. */
function Area({ values, top }: { readonly values: readonly number[]; readonly top: number }) {
  if (values.every((value) => value === 0)) return null;
  const line = toPath(values, top, WIDTH, HEIGHT);
  return (
    <>
      <path class="good" d={`${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`} stroke="none" />
      <path class="good line" d={line} />
    </>
  );
}

function Remark({ rates }: { readonly rates: readonly Rate[] }) {
  const [first] = rates;
  if (first === undefined) return null;
  const peak = rates.reduce((best, rate) => (rate.refused > best.refused ? rate : best), first);
  if (peak.refused > 0) {
    return (
      <span>
        most refused <Time at={peak.at} />: <span class="nowrap">{formatRate(peak.refused)}/s</span>
      </span>
    );
  }
  const isJudged = rates.some(({ valid }) => valid > 0);
  return <span>{isJudged ? "nothing refused" : "nothing judged in a whole minute yet"}</span>;
}
