/** Looks for what keeps people from using a page, by axe's rules for WCAG 2.2 A and AA and good practice. */
import axe from "axe-core";
import type { BrowserContext, Page } from "playwright-core";

/** Puts axe into every page of a context; to be called before a page is opened. */
export async function withAxe(context: BrowserContext): Promise<void> {
  await context.addInitScript({ content: axe.source });
}

/** A line for each violation: rule, where, what. */
export async function findViolations(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => {
    const run = (globalThis as unknown as { axe: { run: (options: object) => Promise<AxeResult> } })
      .axe.run;
    const { violations } = await run({ resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} at ${target.join(" ")}: ${failureSummary}`),
    );
  });
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly {
      readonly target: readonly string[];
      readonly failureSummary: string;
    }[];
  }[];
}
