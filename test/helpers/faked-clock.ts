/**
 * A wall clock that a test sets while programs run: Debian's libfaketime in front of the C library. Clocks
 * that only count on stay as they are, as they do on a machine whose time is set.
 */
import { cpSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./appliance.ts";
import { HAPROXY } from "./haproxy.ts";

/** The dynamic linker puts the machine's library folder in the place of `$LIB`. */
const LIBRARY = "/usr/$LIB/faketime/libfaketimeMT.so.1";

/** A settable clock for any number of programs. */
export interface FakedClock {
  /** For the environment of the programs that shall go by it. */
  readonly env: Readonly<Record<string, string>>;
  /** The same for HAProxy. */
  readonly forHaproxy: () => {
    readonly env: Readonly<Record<string, string>>;
    readonly luaDir: string;
  };
  /** Sets it to so many seconds ahead of the true time, at once and for all its programs. */
  readonly set: (offsetSeconds: number) => void;
  /** Unix seconds by it, with their fraction. */
  readonly now: () => number;
}

/** A clock that shows the true time until it is set. */
export function createFakedClock(folder: string, name: string): FakedClock {
  const path = join(folder, `clock-${name}`);
  let offset = 0;
  const set = (offsetSeconds: number) => {
    // Whole or not at all: it is read at every look at the clock.
    writeFileSync(`${path}.new`, `${offsetSeconds < 0 ? "" : "+"}${offsetSeconds}\n`);
    renameSync(`${path}.new`, path);
    offset = offsetSeconds;
  };
  set(0);
  const env = {
    LD_PRELOAD: LIBRARY,
    FAKETIME_TIMESTAMP_FILE: path,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
  return {
    env,
    forHaproxy: () =>
      startsWith(env)
        ? { env, luaDir: join(ROOT, "lua") }
        : { env: {}, luaDir: writeLuaWithClock(path) },
    set,
    now: () => Date.now() / 1000 + offset,
  };
}

/** Debian's HAProxy 3.0 and 3.2 hang at their start with the library before them. */
function startsWith(env: Readonly<Record<string, string>>): boolean {
  const { exitCode } = Bun.spawnSync([HAPROXY, "-v"], {
    env: { PATH: process.env["PATH"] ?? "", TMPDIR: process.env["TMPDIR"] ?? "/tmp", ...env },
    timeout: 2000,
    killSignal: "SIGKILL",
  });
  return exitCode === 0;
}

/** The shipped Lua, by whose wall clock HAProxy judges, with this one; HAProxy's own goes on as it is. */
function writeLuaWithClock(path: string): string {
  const target = `${path}-lua`;
  cpSync(join(ROOT, "lua"), target, { recursive: true });
  const entry = join(target, "verify-jwt.lua");
  const prelude = `
do
  local time = os.time
  os.time = function(...)
    if ... then return time(...) end
    local file = assert(io.open("${path}"))
    local offset = tonumber(file:read("l"))
    file:close()
    return time() + math.floor(offset)
  end
end
`;
  writeFileSync(entry, prelude + readFileSync(entry, "utf8"));
  return target;
}
