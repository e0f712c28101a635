/** Who may learn what a token says: a JWE was encrypted so that its bearer cannot read it. */
import type { AuthenticToken } from "../../core/token/verdict.ts";
import { mayAct, type Identity } from "./caller.ts";

/** Whether the claims of JWEs are kept from somebody: only who may act on them sees them. */
export function seesNoEncrypted({ role }: Pick<Identity, "role">): boolean {
  return !mayAct(role, "operator");
}

/** Whether this token's claims are, whole or by what a rule finds in them. */
export function isHidden(token: AuthenticToken, identity: Pick<Identity, "role">): boolean {
  return token.jweHeaderText !== undefined && seesNoEncrypted(identity);
}
