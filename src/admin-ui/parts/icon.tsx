/** The page's icons: 16 by 16, stroked in the colour of the text around; they say nothing to a screen reader. */

const PATHS = {
  shield: "M8 2l5 2v4c0 3-2.2 5-5 6-2.8-1-5-3-5-6V4z",
  overview: "M2.5 9.5a5.5 5.5 0 0 1 11 0M8 9.5l2.5-3M2.5 12.5h11",
  revoke: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM4.2 4.2l7.6 7.6",
  rules: "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01",
  inspect: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3l3.2 3.2",
  keys: "M5.5 7.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM7.7 8.3l5.3-5.3M11 5l2 2",
  audit: "M4 2.5h6l3 3v8H4zM10 2.5v3h3M6.5 8.5h4M6.5 11h4",
  people:
    "M6 2.8a2.2 2.2 0 1 1 0 4.5 2.2 2.2 0 0 1 0-4.5zM2 13c0-2.5 1.8-4 4-4s4 1.5 4 4M10.5 3.2a2 2 0 0 1 0 3.8M11.7 9.4c1.4.5 2.3 1.8 2.3 3.6",
  person: "M8 2.5a2.7 2.7 0 1 1 0 5.5 2.7 2.7 0 0 1 0-5.5zM3 14c0-2.9 2.2-4.5 5-4.5s5 1.6 5 4.5",
  check: "M3 8.5l3.2 3.2L13 4.8",
  warn: "M8 2.2l6 11H2zM8 6.5v3M8 11.5v.01",
  stop: "M5.5 2.5h5l3 3v5l-3 3h-5l-3-3v-5zM8 5.5v3M8 10.8v.01",
  info: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM8 7.5v3.5M8 5v.01",
  down: "M4 6.5l4 4 4-4",
  up: "M4 9.5l4-4 4 4",
  close: "M4 4l8 8M12 4l-8 8",
  plus: "M8 3v10M3 8h10",
  retry: "M13 8a5 5 0 1 1-1.5-3.6M13 2.5v2.5h-2.5",
  wait: "M8 2.5a5.5 5.5 0 1 0 5.5 5.5",
  sun: "M8 5.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z",
  system: "M2.5 3.5h11v7.5h-11zM6 13.5h4",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  out: "M9.5 2.5h4v11h-4M10 8H2.5M5 5.5L2.5 8 5 10.5",
  off: "M4 8h8",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({
  name,
  class: extra = "",
}: {
  readonly name: IconName;
  readonly class?: string;
}) {
  return (
    <svg class={`icon ${extra}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
