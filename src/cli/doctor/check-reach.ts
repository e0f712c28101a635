/** Tries the ways: to the token-server, and to those who publish keys, whose clocks must be ours. */
import type { Config } from "../../config/load.ts";
import type { Listen } from "../../config/values.ts";
import { doubtful, well, wrong, type Finding } from "./finding.ts";

const TIMEOUT_MS = 4000;

export async function checkReach(config: Config, isServer: boolean): Promise<readonly Finding[]> {
  const { settings } = config;
  const listeners = isServer ? settings.listen.map(checkListener) : [];
  const publishers = [...settings.jwksUrl, ...settings.oidcIssuers].map((url) =>
    checkClock(url, settings.clockSkew),
  );
  return Promise.all([...listeners, ...publishers]);
}

async function checkListener(address: Listen): Promise<Finding> {
  const isUnix = address.kind === "unix";
  const shown = isUnix ? address.path : `${address.host}:${address.port}`;
  const host = isUnix || ["0.0.0.0", "::"].includes(address.host) ? "127.0.0.1" : address.host;
  const port = isUnix ? "" : `:${address.port}`;
  const url = `http://${host.includes(":") ? `[${host}]` : host}${port}/livez`;
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(isUnix ? { unix: address.path } : {}),
    });
    if (response.ok) return well("token-server", `it answers at ${shown}`);
    return wrong(
      "token-server",
      `it answers ${response.status} at ${shown}`,
      "Another program may have the address.",
    );
  } catch {
    return wrong(
      "token-server",
      `nothing answers at ${shown}`,
      "Check JWT_LISTEN, and that the server was started with it.",
    );
  }
}

/** RFC 9110 §6.6.1: a server's own clock stands in its answers. */
async function checkClock(url: string, skewSeconds: number): Promise<Finding> {
  try {
    const response = await fetch(url, {
      method: "HEAD",
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const theirs = Date.parse(response.headers.get("date") ?? "");
    if (Number.isNaN(theirs)) return well("clock", `${url} answers, and does not tell its time`);
    const difference = Math.round((theirs - Date.now()) / 1000);
    if (Math.abs(difference) <= Math.max(1, skewSeconds))
      return well("clock", `${url} has our time`);
    return wrong(
      "clock",
      `${url} is ${difference} s away from our time`,
      "Set this machine's clock (NTP): its tokens look expired, or not yet valid.",
    );
  } catch {
    return doubtful(
      "clock",
      `${url} cannot be reached`,
      "Its last good keys are used until JWT_KEY_MAX_AGE.",
    );
  }
}
