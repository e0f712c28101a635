/** What each role may do, for showing only what can be done; the server decides. */
import type { Role } from "../api/types.ts";

const RANK: ReadonlyMap<Role, number> = new Map([
  ["viewer", 1],
  ["operator", 2],
  ["admin", 3],
]);

export function mayAct(role: Role, least: Role): boolean {
  return (RANK.get(role) ?? 0) >= (RANK.get(least) ?? Number.POSITIVE_INFINITY);
}

/** What a role is good for, in a sentence. */
export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  viewer: "sees everything, changes nothing",
  operator: "may revoke and lift",
  admin: "may revoke, lift, and manage people and API tokens",
};
