/** Makes the values of `txn.tkn.payload.<claim>` from a claim set (contract §3). */
import type { AuthenticToken } from "./verdict.ts";

/** Claims to set as variables: named ones, or every top-level claim. */
export type ClaimSelection = "*" | ReadonlySet<string>;

// Control characters: in a variable they would reach whatever header an operator builds from it.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;
const LINE_BREAK = /[\n\r\t]/;
const PLAIN_NAME = /^[A-Za-z0-9_.]+$/;

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
  const { spans } = token.claims;
  const vars = new Map<string, string>();
  const set = (claim: string, name: string): void => {
    const text = valueOf(token, claim);
    if (text !== undefined) vars.set(name, text);
  };
  // Two claims have two names, so only a name that has to be changed can meet another.
  if (selection !== "*" && [...spans.keys()].every((claim) => PLAIN_NAME.test(claim))) {
    for (const claim of selection) if (spans.has(claim)) set(claim, claim);
    return vars;
  }
  const owners = new Map<string, number>();
  for (const claim of spans.keys()) {
    const name = claim.replace(/[^A-Za-z0-9_.]/gu, "_");
    owners.set(name, (owners.get(name) ?? 0) + 1);
    if (name !== "" && (selection === "*" || selection.has(claim))) set(claim, name);
  }
  for (const [name, count] of owners) if (count > 1) vars.delete(name);
  return vars;
}

/** A claim as a variable's value; undefined for a string that none can hold. */
function valueOf(
  { claims, claimsText }: Pick<AuthenticToken, "claims" | "claimsText">,
  claim: string,
): string | undefined {
  const value = claims.object.get(claim);
  if (typeof value === "string") return CONTROL.test(value) ? undefined : value;
  const [start, end] = claims.spans.get(claim) ?? [0, 0];
  return toOneLine(claimsText.slice(start, end));
}

/**
 * A JSON text for an HTTP field value: line breaks and tabs between JSON tokens become spaces. Inside
 * strings strict JSON has none, so nothing that was signed changes its meaning.
 */
export function toOneLine(text: string): string {
  return LINE_BREAK.test(text) ? text.replace(/[\n\r\t]/g, " ") : text;
}
