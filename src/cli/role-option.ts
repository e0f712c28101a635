/** The roles as commands take them. */
import { Option } from "commander";

export const ROLES = ["admin", "operator", "viewer"] as const;

/** The option that says what somebody may do. */
export function roleOption(): Option {
  const meaning = "viewer looks, operator revokes and lifts, admin does all";
  return new Option("--role <role>", meaning).choices(ROLES);
}
