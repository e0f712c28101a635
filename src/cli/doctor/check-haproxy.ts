/** Looks at HAProxy: its version, Lua and modules, and the order of its configuration. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { doubtful, well, wrong, type Finding } from "./finding.ts";
import { knownFaults } from "./known-bad.ts";

const run = promisify(execFile);
const TIMEOUT_MS = 5000;

export async function checkHaproxy(binary: string): Promise<readonly Finding[]> {
  const output = await outputOf(binary, ["-vv"]);
  if (output === undefined) {
    return [
      doubtful(
        "HAProxy",
        "it was not found here",
        "Fine if it runs elsewhere; else name it in HAPROXY_BIN.",
      ),
    ];
  }
  const [, version = "", branch = ""] = /version ((\d+\.\d+)\S*)/.exec(output) ?? [];
  const [, lua] = /Lua version\s*:\s*Lua (\d+\.\d+)/.exec(output) ?? [];
  const findings = [checkVersion(version, branch)];
  if (lua === undefined) {
    return [
      ...findings,
      wrong("Lua", "this HAProxy has none", "Install a HAProxy that was built with Lua."),
    ];
  }
  return [...findings, well("Lua", `HAProxy has Lua ${lua}`), ...(await checkModules(lua))];
}

function checkVersion(version: string, branch: string): Finding {
  const [major = 0, minor = 0] = branch.split(".").map(Number);
  if (major < 2 || (major === 2 && minor < 6)) {
    return wrong(
      "HAProxy",
      `version ${version} is too old`,
      "2.6 is the oldest that this works with.",
    );
  }
  const [fault] = knownFaults(version);
  if (fault !== undefined) {
    return wrong("HAProxy", `version ${version} has ${fault}`, `Take the newest ${branch}.`);
  }
  if (major < 3 || (major === 3 && minor < 2)) {
    return doubtful(
      "HAProxy",
      `version ${version} hands unannounced trailers on`,
      "Set JWT_REFUSE_CHUNKED=1 where the upstream reads trailers, or take 3.2 (SECURITY.md).",
    );
  }
  return well("HAProxy", `version ${version}`);
}

const MODULES = [
  ["cjson", "lua-cjson"],
  ["openssl", "lua-luaossl"],
] as const;

async function checkModules(lua: string): Promise<readonly Finding[]> {
  const interpreter = `lua${lua}`;
  if ((await outputOf(interpreter, ["-v"])) === undefined) {
    return [
      doubtful(
        "Lua modules",
        `${interpreter} is not here to try them`,
        "Install cjson and luaossl for HAProxy's Lua.",
      ),
    ];
  }
  return Promise.all(
    MODULES.map(async ([module, name]) => {
      const isThere = (await outputOf(interpreter, ["-e", `require "${module}"`])) !== undefined;
      return isThere
        ? well("Lua modules", `${name} is there`)
        : wrong("Lua modules", `${name} is missing for Lua ${lua}`, `apt install ${name}`);
    }),
  );
}

const STRIP = /^http-request\s+del-header\s+\^x\S*tkn/;
const VERIFY = /^http-request\s+lua\.verify-jwt(\s|$)/;
const GUARD = /^http-request\s+deny\b.*unless\s*\{\s*var\(txn\.tkn\.valid\)/;

/** Whether strip, verify and guard stand in each section that verifies, in this order. */
export async function checkOrder(path: string): Promise<readonly Finding[]> {
  const what = "HAProxy's configuration";
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) {
    return [doubtful(what, `${path} cannot be read`, "Name the file with --haproxy-config.")];
  }
  const sections = text.split(/^(?=(?:frontend|listen|backend|defaults|global)\b)/m);
  const verifying = sections.filter((section) =>
    linesOf(section).some((line) => VERIFY.test(line)),
  );
  if (verifying.length === 0) {
    return [
      doubtful(what, `${path} verifies nothing`, "See haproxy.cfg, which comes with this program."),
    ];
  }
  return verifying.map((section) => {
    const lines = linesOf(section);
    const name = lines[0]?.trim() ?? "";
    const [strip, verify, guard] = [STRIP, VERIFY, GUARD].map((line) =>
      lines.findIndex((one) => line.test(one)),
    );
    if (strip === undefined || strip < 0 || strip > (verify ?? -1)) {
      return wrong(
        what,
        `${name}: a client's own identity headers are not stripped before verifying`,
        "Put the del-header line of haproxy.cfg first.",
      );
    }
    if (guard === undefined || guard < (verify ?? -1)) {
      return wrong(
        what,
        `${name}: a request passes when Lua fails`,
        "Put the deny line of haproxy.cfg right after lua.verify-jwt.",
      );
    }
    return well(what, `${name}: strip, verify, guard`);
  });
}

function linesOf(section: string): readonly string[] {
  return section.split("\n").map((line) => line.trim());
}

async function outputOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run(command, [...args], { timeout: TIMEOUT_MS });
    return stdout;
  } catch {
    return undefined;
  }
}
