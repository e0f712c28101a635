/** Words as they lie in a store, whoever wrote them: another version's are taken for the weakest. */
import type { Role } from "./accounts.ts";
import type { Actor, Change } from "./store.ts";

/** The way in as it was written; another version's is shown as the server's. */
export function parseVia(via: string): Actor["via"] {
  switch (via) {
    case "cli":
    case "page":
    case "api":
    case "import":
      return via;
    default:
      return "server";
  }
}

/** A role this version does not know is taken for the weakest. */
export function parseRole(role: string): Role {
  return role === "admin" || role === "operator" ? role : "viewer";
}

const KINDS: ReadonlyMap<string, Change["kind"]> = new Map([
  ["rule_added", "rule_added"],
  ["rule_lifted", "rule_lifted"],
  ["rules_imported", "rules_imported"],
  ["keys_changed", "keys_changed"],
]);

/** What a journal entry says; one of a newer version is taken for a change of everything: the safe side. */
export function parseChangeWords(kind: string, scope: string): Pick<Change, "kind" | "scope"> {
  const isNarrow = scope === "global" || scope === "subject";
  return {
    kind: KINDS.get(kind) ?? "rules_imported",
    scope: isNarrow ? scope : "all",
  };
}
