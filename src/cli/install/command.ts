/** `install`: puts everything in place on this machine, edits nothing of others, restarts nothing. */
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { print, printJson, printTable } from "../output.ts";
import { VERSION } from "../version.ts";
import { ensureServiceUser, ensureVerifierKey } from "./accounts.ts";
import { installedFiles } from "./installed-files.ts";
import { type Layout, layoutBelow } from "./layout.ts";
import { type Placed, placeFile, placeProgram, Receipt } from "./place-files.ts";

export function registerInstall(program: Command): void {
  program
    .command("install")
    .description("put the program, Lua files, configurations, units and the verifier key in place")
    .option("--prefix <folder>", "put all of it below this folder", "/")
    .option("--json", "print JSON")
    .action((options: { readonly prefix: string; readonly json?: true }) => {
      const prefix = resolve(options.prefix);
      const layout = layoutBelow(prefix);
      const placed = install(layout, prefix === "/", program);
      if (options.json === true) {
        printJson(JSON.stringify({ files: placed }));
        return;
      }
      printTable(
        ["FILE", "OUTCOME"],
        placed.map(({ path, outcome }) => [path, outcome]),
      );
      for (const { path } of placed.filter(({ outcome }) => outcome === "kept")) {
        print(`${path} was edited and stays; this version's lies beside it as ${path}.new`);
      }
      for (const step of nextSteps(layout)) print(step);
    });
}

function install(layout: Layout, isWholeMachine: boolean, program: Command): readonly Placed[] {
  const isRoot = process.geteuid?.() === 0;
  const receipt = new Receipt(join(layout.shareDir, "installed.json"));
  const placed: Placed[] = [];
  // Run from its source, the program is Bun: nothing to copy.
  if (Bun.main.startsWith("/$bunfs/")) {
    placed.push(placeProgram(process.execPath, join(layout.binDir, "haproxy-jwt")));
  }
  for (const file of installedFiles(layout, program, VERSION))
    placed.push(placeFile(file, receipt));
  receipt.save();
  const key = join(layout.etcDir, "verifier.key");
  placed.push({ path: key, outcome: ensureVerifierKey(key, isRoot) ? "written" : "same" });
  if (isWholeMachine && isRoot) ensureServiceUser(layout.stateDir);
  return placed;
}

/** What is left to do, by hand: nothing here touches a running HAProxy. */
function nextSteps(layout: Layout): readonly string[] {
  return [
    "",
    "Next:",
    `  1. name your keys in ${layout.etcDir}/haproxy-jwt.toml (jwks_file, jwks_url or oidc_issuers)`,
    `  2. haproxy-jwt config check --config ${layout.etcDir}/haproxy-jwt.toml`,
    "  3. systemctl daemon-reload && systemctl enable --now haproxy-jwt",
    `  4. haproxy -c -f ${layout.etcDir}/haproxy.cfg, then have HAProxy load it or its three lines`,
    "  5. haproxy-jwt doctor",
  ];
}
