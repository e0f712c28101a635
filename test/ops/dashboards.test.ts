import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createMetrics } from "../../src/metrics.ts";
import { ROOT } from "../helpers/appliance.ts";
import { emptySources } from "../helpers/metric-sources.ts";

/** Metrics that others show: HAProxy's exporter, and Prometheus itself. */
const FOREIGN: ReadonlyMap<string, readonly string[]> = new Map([
  ["up", []],
  ["haproxy_server_status", ["proxy", "server", "state"]],
]);
/** Labels that Prometheus adds to everything it scrapes. */
const ADDED = ["instance", "job"];

const known = new Map<string, readonly string[]>(FOREIGN);
for (const { name, type, labels } of createMetrics(emptySources()).describe()) {
  known.set(name, labels);
  if (type === "histogram") {
    for (const part of ["bucket", "sum", "count"]) known.set(`${name}_${part}`, [...labels, "le"]);
  }
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly action: string };
}

const { groups } = Bun.YAML.parse(readFileSync(join(ROOT, "haproxy/alerts.yaml"), "utf8")) as {
  groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);

interface Panel {
  readonly title: string;
  readonly description: string;
  readonly targets: readonly { readonly expr: string }[];
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
}

const dashboard = JSON.parse(readFileSync(join(ROOT, "haproxy/dashboard.json"), "utf8")) as {
  readonly panels: readonly Panel[];
};

/** The metrics of an expression with the labels it asks each for. */
function selectorsOf(expr: string): readonly (readonly [string, readonly string[]])[] {
  const names = /\b(up|haproxy_\w+|process_\w+)\b(?:\{([^}]*)\})?/g;
  return [...expr.matchAll(names)].map(([, name = "", matchers = ""]) => [
    name,
    [...matchers.matchAll(/(\w+)\s*(?:=~|=|!=|!~)/g)].map(([, label = ""]) => label),
  ]);
}

/** What is wrong with an expression: a metric or label that does not exist, brackets that do not close. */
function problemsOf(expr: string): readonly string[] {
  const problems: string[] = [];
  const selectors = selectorsOf(expr);
  if (selectors.length === 0) problems.push("no metric");
  const labels = new Set<string>(ADDED);
  for (const [name, asked] of selectors) {
    const has = known.get(name);
    if (has === undefined) problems.push(`no metric ${name}`);
    for (const label of has ?? []) labels.add(label);
    for (const label of asked) {
      if (!ADDED.includes(label) && has?.includes(label) === false)
        problems.push(`${name} has no label ${label}`);
    }
  }
  for (const [, group = ""] of expr.matchAll(/\bby \(([^)]*)\)/g)) {
    for (const label of group.split(",").map((part) => part.trim())) {
      if (!labels.has(label)) problems.push(`nothing has a label ${label}`);
    }
  }
  for (const [open, close] of ["()", "{}", "[]"]) {
    if (expr.split(open ?? "").length !== expr.split(close ?? "").length) problems.push("brackets");
  }
  return problems;
}

describe("the check itself", () => {
  for (const expr of [
    "haproxy_jwt_nowhere > 0",
    'haproxy_jwt_keys{nosuch="x"} == 0',
    "sum by (nosuch) (haproxy_jwt_keys)",
    "sum(haproxy_jwt_keys",
    "1 > 0",
    "rate(haproxy_jwt_keys_bucket[5m])",
  ]) {
    test(`finds fault with ${expr}`, () => {
      expect(problemsOf(expr)).not.toEqual([]);
    });
  }
});

describe("the alert rules", () => {
  test("have names of their own", () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    expect(rules.length).toBeGreaterThan(10);
  });

  for (const { alert, expr, labels, annotations } of rules) {
    test(`${alert} asks for what exists, and says what to do`, () => {
      expect(problemsOf(expr)).toEqual([]);
      expect(["warning", "critical"]).toContain(labels.severity);
      expect(annotations.action.length).toBeGreaterThan(10);
      const asked = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, name]) => name);
      for (const label of asked) expect(expr).toMatch(new RegExp(`\\b${label}\\b|^up`));
    });
  }
});

describe("the dashboard", () => {
  for (const panel of dashboard.panels) {
    test(`${panel.title} asks for what exists`, () => {
      expect(panel.targets.flatMap(({ expr }) => problemsOf(expr))).toEqual([]);
      expect(panel.description).not.toBe("");
    });
  }

  test("shows every metric of ours in some panel or alert", () => {
    const used = new Set(
      [...dashboard.panels.flatMap(({ targets }) => targets), ...rules]
        .flatMap(({ expr }) => selectorsOf(expr))
        .map(([name]) => name.replace(/_(bucket|sum|count)$/, "")),
    );
    // Each has a neighbour there that says more.
    const left = [
      "haproxy_jwt_verifier_silent_seconds",
      "haproxy_jwt_changes",
      "process_start_time_seconds",
    ];
    const own = createMetrics(emptySources())
      .describe()
      .map(({ name }) => name);
    expect(own.filter((name) => !used.has(name) && !left.includes(name))).toEqual([]);
  });

  test("has panels that do not lie over each other", () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});
