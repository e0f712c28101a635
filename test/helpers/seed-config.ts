/** The seed's sample configuration, with its paths, addresses and ports, and with what its "# ..." stands for. */
import { join } from "node:path";
import { ROOT } from "./appliance.ts";

/** What stands in the sample; addresses are `host:port`. */
export interface SeedSettings {
  readonly keyFile: string;
  readonly keyUrl: string;
  readonly bind: string;
  readonly upstream: string;
  readonly server: string;
  /** More settings for HAProxy's environment, or others than the sample's. */
  readonly more?: Readonly<Record<string, string>>;
}

/** The file's text: one line verifies, and all threads share the one Lua state that `lua-load` makes. */
export function seedConfig({ more = {}, ...at }: SeedSettings): string {
  const settings = {
    JWT_JWKS_FILE: at.keyFile,
    JWT_JWKS_URL: at.keyUrl,
    JWT_SYNC_INTERVAL: "400",
    JWT_CACHE_TTL: "3",
    JWT_TOKEN_SERVER_BACKEND: "jwt-token-server",
    ...more,
  };
  return `global
${Object.entries(settings)
  .map(([name, value]) => `  setenv ${name} ${value}`)
  .join("\n")}

  lua-load ${join(ROOT, "lua", "verify-jwt.lua")}

defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 5s

listen fe_main
    bind ${at.bind}
    http-request lua.verify-jwt
    server app ${at.upstream}

backend jwt-token-server
  server s1 ${at.server} check inter 1s fall 5 rise 1
`;
}
