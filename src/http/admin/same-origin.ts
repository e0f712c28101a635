/** Refuses what another site's page makes a browser send (CSRF). */
import { createIsAllowedHost } from "../host-check.ts";

/**
 * Makes the check of a changing request. A browser says where a request comes from in `Sec-Fetch-Site`
 * and `Origin` and lets no page write them. What carries neither is no browser; it still has to send
 * `application/json`, which another site's page cannot without a preflight that is never answered.
 *
 * @param origin JWT_ADMIN_ORIGIN; a loopback host's own http origin is taken as well
 */
export function createIsSameOrigin(origin: string | undefined): (headers: Headers) => boolean {
  const isLoopbackHost = createIsAllowedHost([]);
  return (headers) => {
    const site = headers.get("sec-fetch-site");
    if (site !== null && site !== "same-origin") return false;
    const shown = headers.get("origin");
    if (shown === null || shown === origin) return true;
    const host = headers.get("host");
    if (host === null || !isLoopbackHost(host)) return false;
    return shown.toLowerCase() === `http://${host}`.toLowerCase();
  };
}
