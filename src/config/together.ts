/** Holds the settings that depend on each other against each other. */
import type { ConfigProblem } from "./load.ts";
import type { IssuerSettings } from "./issuers.ts";
import type { Settings } from "./settings.ts";
import { isLoopback } from "./values.ts";

/**
 * What does not go together.
 *
 * @param values those that are sound alone; what needs one that is not there is left out
 */
export function checkTogether(
  values: Partial<Settings>,
  issuers: readonly IssuerSettings[],
): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { adminListen, adminOrigin, store, workers = 1, oidcIssuers = [] } = values;
  const hasNoOrigin = "adminOrigin" in values && adminOrigin === undefined;
  if (adminListen !== undefined && !isLoopback(adminListen.host) && hasNoOrigin) {
    const message = "is needed, because the admin page listens beyond loopback (JWT_ADMIN_LISTEN)";
    problems.push({ key: "JWT_ADMIN_ORIGIN", message });
  }
  if (adminOrigin?.startsWith("http:") === true) {
    const { hostname } = new URL(adminOrigin);
    if (!isLoopback(hostname.replace(/^\[|\]$/g, ""))) {
      problems.push({ key: "JWT_ADMIN_ORIGIN", message: "must be https:// beyond loopback" });
    }
  }
  if (store?.kind === "postgres" && workers > 1) {
    const message = "must be 1 with a shared store (JWT_STORE): one thread holds the lease";
    problems.push({ key: "JWT_WORKERS", message });
  }
  const both = issuers.find(({ issuer }) => oidcIssuers.includes(issuer));
  if (both !== undefined) {
    problems.push({
      key: "JWT_OIDC_ISSUERS",
      message: "names an issuer that has a table of its own",
    });
  }
  return problems;
}
