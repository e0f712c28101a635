/** Writes the request for a rule by hand as JSON text, so that the rule's numbers stay exact. */

export interface RuleAround {
  readonly scope: "subject" | "global";
  readonly subject: string;
  readonly issuer: string;
}

/**
 * @param ruleText the rule's JSON
 * @param expireAt Unix seconds, 0 for never
 * @returns a writer that adds members such as the reason
 */
export function toRequestText(
  ruleText: string,
  around: RuleAround,
  expireAt: number,
): (more: Readonly<Record<string, string>>) => string {
  const issuer = around.issuer.trim();
  const scope =
    around.scope === "global"
      ? { scope: "global" }
      : { subject: around.subject.trim(), ...(issuer === "" ? {} : { issuer }) };
  return (more) => {
    const rest = JSON.stringify({ ...scope, expireAt, ...more });
    return `{"rule":${ruleText},${rest.slice(1)}`;
  };
}
