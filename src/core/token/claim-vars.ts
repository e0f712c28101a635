/** Makes the values of `txn.tkn.payload.<claim>` from a claim set (contract §3). */
import type { AuthenticToken } from "./verdict.ts";

/** Claims to set as variables: named ones, or every top-level claim. */
export type ClaimSelection = "*" | ReadonlySet<string>;

// Control characters: in a variable they would reach whatever header an operator builds from it.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Parses a comma list of claim names, or `*`. */
export function parseClaimSelection(text: string): ClaimSelection {
  const names = text.split(",").map((name) => name.trim());
  return names.includes("*") ? "*" : new Set(names.filter((name) => name !== ""));
}

/**
 * Variable name → value, for the selected top-level claims: strings as they are, the rest as the JSON
 * text that was signed. Characters a variable's name cannot have become `_`; where two claims of the
 * token then collide neither is set. A string with a control character is not set.
 */
export function claimVars(
  token: Pick<AuthenticToken, "claims" | "claimsText">,
  selection: ClaimSelection,
): ReadonlyMap<string, string> {
  const owners = new Map<string, number>();
  const vars = new Map<string, string>();
  for (const [claim, [start, end]] of token.claims.spans) {
    const name = claim.replace(/[^A-Za-z0-9_.]/gu, "_");
    owners.set(name, (owners.get(name) ?? 0) + 1);
    if (name === "" || (selection !== "*" && !selection.has(claim))) continue;
    const value = token.claims.object.get(claim);
    const text = typeof value === "string" ? value : token.claimsText.slice(start, end);
    if (typeof value !== "string" || !CONTROL.test(text)) vars.set(name, toOneLine(text));
  }
  for (const [name, count] of owners) if (count > 1) vars.delete(name);
  return vars;
}

/**
 * A JSON text for an HTTP field value: line breaks and tabs between JSON tokens become spaces. Inside
 * strings strict JSON has none, so nothing that was signed changes its meaning.
 */
export function toOneLine(text: string): string {
  return text.replace(/[\n\r\t]/g, " ");
}
