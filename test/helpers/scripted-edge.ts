/** HAProxy on one thread between a client and a token-server that plays a script. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./appliance.ts";
import { identityOf, toAnswer } from "./answer.ts";
import { startHaproxy } from "./haproxy.ts";
import { mint } from "./mint.ts";
import { exchange, toRequest } from "./raw-client.ts";
import { startRawUpstream } from "./raw-upstream.ts";
import { type ScriptedServer, startScriptedServer } from "./scripted-server.ts";
import { createSecretKey } from "./signing-keys.ts";
import { createTempFolder } from "./temp-folder.ts";

const key = createSecretKey("HS256", "k", "a-secret-that-only-this-test-has");

export interface ScriptedEdge {
  readonly server: ScriptedServer;
  readonly port: number;
}

export interface ScriptedEdgeOptions {
  /** The shipped one, unless given. */
  readonly luaDir?: string;
  /** Whose answers wait: everybody's, unless given. */
  readonly isHeld?: (subject: string) => boolean;
}

/** Starts them; they stop when `stack` is disposed. */
export async function startScriptedEdge(
  stack: AsyncDisposableStack,
  { luaDir = join(ROOT, "lua"), isHeld }: ScriptedEdgeOptions = {},
): Promise<ScriptedEdge> {
  const folder = createTempFolder(stack);
  const server = startScriptedServer(stack, isHeld);
  const upstream = await startRawUpstream(stack);
  const leading = join(folder, "one-thread.cfg");
  writeFileSync(leading, "global\n  nbthread 1\n");
  const haproxy = await startHaproxy(stack, {
    folder,
    config: "haproxy.cfg",
    leadingConfigs: [leading],
    env: {
      JWT_LUA_DIR: luaDir,
      JWT_UPSTREAM: `127.0.0.1:${upstream.port}`,
      JWT_TOKEN_SERVER: `127.0.0.1:${server.port}`,
      JWT_VERIFIER_KEY: "a-verifier-key-that-only-this-test-has",
    },
  });
  return { server, port: haproxy.port };
}

/** A request's bytes with a user's token, the same for the same user. */
export function requestOf(subject: string): string {
  return toRequest([`authorization: Bearer ${mint(key, { sub: subject })}`]);
}

/** What `x-tkn-valid` a user's token gets. */
export async function askAs(port: number, subject: string): Promise<string | undefined> {
  return identityOf(toAnswer(await exchange(port, requestOf(subject)))).valid;
}
