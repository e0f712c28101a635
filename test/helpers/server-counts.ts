/** What a token-server has counted, read from its metrics. */
import type { Appliance } from "./appliance.ts";

/** The sum of a counter over the lines that have all of these labels, each as `name="value"`. */
export async function countOf(
  { port }: Pick<Appliance, "port">,
  metric: string,
  labels: readonly string[] = [],
): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const lines = text.matchAll(/^(\w+)(\{.*\})? (\S+)$/gm);
  return [...lines]
    .filter(([, name, its = ""]) => name === metric && labels.every((label) => its.includes(label)))
    .reduce((sum, [, , , value]) => sum + Number(value), 0);
}
