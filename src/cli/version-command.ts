/** `version`: prints the version and what it runs on. */
import type { Command } from "commander";
import { print, printJson } from "./output.ts";
import { VERSION } from "./version.ts";

export function registerVersion(program: Command): void {
  program
    .command("version")
    .description("print the version")
    .option("--json", "print JSON")
    .action((options: { readonly json?: true }) => {
      const bun = Bun.version;
      if (options.json === true)
        printJson(
          JSON.stringify({
            version: VERSION,
            bun,
            platform: `${process.platform}-${process.arch}`,
          }),
        );
      else print(`haproxy-jwt ${VERSION}`);
    });
}
