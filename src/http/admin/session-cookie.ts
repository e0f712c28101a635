/** The cookie that carries a session, and nothing else. */
import { createHash, randomBytes } from "node:crypto";

/**
 * `__Host-` binds it to this host, the whole site and a secure channel (RFC 6265bis §4.1.3.2); browsers
 * take it over http on loopback too, and the page is reached by https everywhere else.
 */
export const SESSION_COOKIE = "__Host-haproxy-jwt";

/** A session ends after so long without a request, and after so long in any case. */
export const SESSION_LIMITS = { idleSeconds: 30 * 60, absoluteSeconds: 12 * 3600 } as const;

/** A new session id: 256 random bits. Only its hash is kept. */
export function createSessionId(): string {
  return randomBytes(32).toString("base64url");
}

/** SHA-256, hex: what the store knows a session or an API token by. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** The `Set-Cookie` value that gives a browser its session. It lives as long as the browser is open. */
export function toSetCookie(sessionId: string): string {
  return `${SESSION_COOKIE}=${sessionId}; Path=/; Secure; HttpOnly; SameSite=Strict`;
}

/** The `Set-Cookie` value that takes it away. */
export function toClearCookie(): string {
  return `${SESSION_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0`;
}

/** The session id in a `Cookie` header; undefined where there is none, or several to choose from. */
export function parseSessionCookie(header: string | null): string | undefined {
  const found = (header ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${SESSION_COOKIE}=`))
    .map((pair) => pair.slice(SESSION_COOKIE.length + 1));
  const [id] = found;
  return found.length === 1 && id !== undefined && /^[\w-]{43}$/.test(id) ? id : undefined;
}
