/** Finds out who calls: by the control socket, an API token or a session's cookie. */
import type { AccountStore } from "../../core/revocation/accounts.ts";
import type { Caller, Identity } from "./caller.ts";
import { hashSecret, parseSessionCookie, SESSION_LIMITS } from "./session-cookie.ts";

/** What an API token looks like: a mark that scanners for lost secrets can find, and 256 random bits. */
export const API_TOKEN = /^hjwt_[\w-]{43}$/;

/**
 * Names who calls, or nobody. An `Authorization` header is the caller's choice: a wrong one is not
 * made good by a cookie.
 *
 * @throws AppError unavailable when the store cannot be asked: nobody gets in then
 */
export async function authenticate(
  request: Request,
  caller: Caller,
  from: string,
  accounts: AccountStore,
): Promise<Identity | undefined> {
  if (caller.kind === "control") {
    const who = toUserName(request.headers.get("x-jwt-user"));
    const actor = { who, via: "cli", from: caller.from } as const;
    return {
      role: "admin",
      actor,
      session: undefined,
      isStillIn: async () => true,
      kind: "control",
    };
  }
  const authorization = request.headers.get("authorization");
  if (authorization !== null) return authenticateToken(authorization, from, accounts);
  const id = parseSessionCookie(request.headers.get("cookie"));
  if (id === undefined) return undefined;
  const idHash = hashSecret(id);
  const session = await accounts.findSession(idHash, SESSION_LIMITS);
  if (session === undefined) return undefined;
  return {
    role: session.role,
    actor: { who: session.person, via: "page", from },
    session: { idHash, id: session.id },
    isStillIn: async () => {
      const open = await accounts.listSessions(session.person, SESSION_LIMITS);
      return open.some(({ id }) => id === session.id);
    },
    kind: "session",
  };
}

async function authenticateToken(
  authorization: string,
  from: string,
  accounts: AccountStore,
): Promise<Identity | undefined> {
  const shown = /^bearer +(\S+)$/i.exec(authorization)?.[1];
  if (shown === undefined || !API_TOKEN.test(shown)) return undefined;
  const secretHash = hashSecret(shown);
  const token = await accounts.findApiToken(secretHash);
  if (token === undefined) return undefined;
  return {
    role: token.role,
    actor: { who: token.name, via: "api", from },
    session: undefined,
    isStillIn: async () => (await accounts.findApiToken(secretHash)) !== undefined,
    kind: "token",
  };
}

/** The name that a command's user gives himself; only who may open the control socket can say it. */
function toUserName(header: string | null): string {
  const name = (header ?? "").replace(/[^\p{L}\p{N}._@ ()-]/gu, "").slice(0, 64);
  return name === "" ? "unknown" : name;
}
