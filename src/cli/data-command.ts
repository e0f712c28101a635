/** Runs a command against the admin API, and closes what it opened. */
import type { Command } from "commander";
import { connect, type Api } from "./connect.ts";
import { addDataFlags } from "./data-flags.ts";

/**
 * Completes a command that acts on a data folder: adds the folder's flags and `--json`, and has `run`
 * called with the API. Options and arguments of its own are declared before.
 *
 * @param run resolves to the exit code; undefined = 0
 */
export function dataCommand(
  command: Command,
  run: (api: Api, options: OptionReader, args: readonly string[]) => Promise<number | void>,
): void {
  command.option("--json", "print JSON");
  addDataFlags(command).action(async () => {
    const options = new OptionReader(command.opts());
    const api = await connect(command);
    try {
      process.exitCode = (await run(api, options, command.args)) ?? 0;
    } finally {
      await api.close();
    }
  });
}

/** A command's options by name, of the kind they were declared as. */
export class OptionReader {
  readonly #values: ReadonlyMap<string, unknown>;

  constructor(values: object) {
    this.#values = new Map(Object.entries(values));
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === "string" ? value : undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.#values.get(name);
    return typeof value === "boolean" ? value : undefined;
  }

  get isJson(): boolean {
    return this.flag("json") === true;
  }
}
