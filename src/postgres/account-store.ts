/** People, API tokens and sessions on PostgreSQL; each write is audited in its own transaction. */
import type { AccountStore } from "../core/revocation/accounts.ts";
import { createApiTokens } from "./api-tokens.ts";
import type { Parts } from "./parts.ts";
import { createPeople } from "./people.ts";
import { createSessions } from "./sessions.ts";
import { createSettings } from "./settings.ts";

export function createAccountStore(parts: Parts): AccountStore {
  return {
    ...createPeople(parts),
    ...createApiTokens(parts),
    ...createSessions(parts),
    ...createSettings(parts),
  };
}
