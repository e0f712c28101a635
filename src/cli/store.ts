/** `store import|export`: a whole store from SQLite to the shared PostgreSQL, and back. */
import type { Command } from "commander";
import { exportStore, importStore } from "../app/store-copy.ts";
import type { Copied } from "../core/revocation/whole-store.ts";
import { callerName } from "./become-owner.ts";
import { addDataFlags, dataConfigOf } from "./data-flags.ts";
import { countOf, print, printJson } from "./output.ts";

export function registerStore(program: Command): void {
  const store = program.command("store").description("move between SQLite and PostgreSQL");
  const incoming = store
    .command("import")
    .description("copy what backup wrote into the empty PostgreSQL that JWT_STORE names")
    .argument("<file>", "a file that backup wrote")
    .option("--json", "print JSON");
  addDataFlags(incoming).action(async (file: string, options: { readonly json?: true }) => {
    const actor = { who: callerName(process.env), via: "cli", from: "local" } as const;
    const copied = await importStore(dataConfigOf(incoming), file, actor);
    say(copied, options.json === true, "are in PostgreSQL now");
  });
  const outgoing = store
    .command("export")
    .description("copy the PostgreSQL that JWT_STORE names into a file, which restore takes")
    .argument("<file>", "a file that is not there yet")
    .option("--json", "print JSON");
  addDataFlags(outgoing).action(async (file: string, options: { readonly json?: true }) => {
    const copied = await exportStore(dataConfigOf(outgoing), file, Date.now());
    say(copied, options.json === true, `are in ${file} now. Keep it as you keep passwords`);
  });
}

function say(copied: Copied, isJson: boolean, where: string): void {
  const { rules, people, apiTokens, audit } = copied;
  if (isJson) printJson(JSON.stringify(copied));
  else
    print(
      [
        countOf(rules, "rule", "rules"),
        countOf(people, "person", "people"),
        countOf(apiTokens, "API token", "API tokens"),
        `${countOf(audit, "audit row", "audit rows")} ${where}.`,
      ].join(", "),
    );
}
