/** The site map: which path shows which screen, and the way there. */
import { INTENTS, type Intent } from "./intents.ts";

export type Screen =
  | { readonly name: "overview" }
  | { readonly name: "revoke"; readonly intent: Intent }
  | { readonly name: "rules" }
  | { readonly name: "rule"; readonly id: number }
  | { readonly name: "inspect" }
  | { readonly name: "keys" }
  | { readonly name: "audit" }
  | { readonly name: "people" }
  | { readonly name: "account" }
  | { readonly name: "nowhere" };

const PLAIN = ["rules", "inspect", "keys", "audit", "people", "account"] as const;

/** The screen at a path; a path nobody knows is a screen of its own. */
export function toScreen(path: string): Screen {
  const [first = "", second, ...rest] = path.replace(/^\/+|\/+$/g, "").split("/");
  if (rest.length > 0) return { name: "nowhere" };
  if (first === "") return { name: "overview" };
  if (first === "revoke") {
    const intent = second === undefined ? "person" : INTENTS.find((one) => one === second);
    return intent === undefined ? { name: "nowhere" } : { name: "revoke", intent };
  }
  if (first === "rules" && second !== undefined) {
    return /^[1-9]\d{0,14}$/.test(second)
      ? { name: "rule", id: Number(second) }
      : { name: "nowhere" };
  }
  const plain = PLAIN.find((one) => one === first);
  return plain === undefined || second !== undefined ? { name: "nowhere" } : { name: plain };
}

/** The path of an intent. */
export function toRevokePath(intent: Intent): string {
  return intent === "person" ? "/revoke" : `/revoke/${intent}`;
}

/** A list's path with its filters; empty ones are left out. */
export function withFilters(path: string, filters: Readonly<Record<string, string>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) if (value !== "") params.set(name, value);
  const text = params.toString();
  return text === "" ? path : `${path}?${text}`;
}
