/** Who calls the admin API, and what a role may do. */
import type { Role } from "../../core/revocation/accounts.ts";
import type { Actor } from "../../core/revocation/store.ts";

/**
 * The way a request came in. `control`: over the socket in the data folder, or inside one process;
 * whoever can open that folder is an admin, and names himself in `x-jwt-user`.
 */
export type Caller =
  | { readonly kind: "network"; readonly address: string }
  | { readonly kind: "control"; readonly from: "unix" | "local" };

/** Somebody who has shown who he is; or, on an open route, nobody. */
export interface Identity {
  readonly role: Role | undefined;
  readonly actor: Actor;
  /** There where it was shown by a session's cookie. */
  readonly session: { readonly idHash: string; readonly id: number } | undefined;
  /** Tells whether it still holds; asking does not count as using it. */
  readonly isStillIn: () => Promise<boolean>;
  readonly kind: "session" | "token" | "control" | "anonymous";
}

const RANK: ReadonlyMap<Role, number> = new Map([
  ["viewer", 1],
  ["operator", 2],
  ["admin", 3],
]);

/** Tells whether a role may do what a least role is asked for. */
export function mayAct(role: Role | undefined, least: Role): boolean {
  return (
    (role === undefined ? 0 : (RANK.get(role) ?? 0)) >=
    (RANK.get(least) ?? Number.POSITIVE_INFINITY)
  );
}

/** Nobody in particular: what an open route is called by. It may do nothing else. */
export function anonymous(from: string): Identity {
  const actor = { who: "nobody", via: "page", from } as const;
  return {
    role: undefined,
    actor,
    session: undefined,
    isStillIn: async () => false,
    kind: "anonymous",
  };
}
