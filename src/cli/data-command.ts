/** Runs a command against the admin API, and closes what it opened. */
import type { Command } from "commander";
import { AppError } from "../core/app-error.ts";
import { connect, type Api, type StoreNeed } from "./connect.ts";
import { addDataFlags } from "./data-flags.ts";

/** Opens the API; without a server and a store, one is made there only where a change needs it. */
export type Open = (kind?: StoreNeed) => Promise<Api>;

/**
 * Completes a command that acts on a data folder: adds the folder's flags and `--json`, and has `run`
 * called. Options and arguments of its own are declared before.
 *
 * @param run opens the API itself, once it has read what it needs: files and answers are the caller's,
 *   the folder is its owner's, and nobody's typing should keep it locked. Resolves to the exit code;
 *   undefined = 0
 */
export function dataCommand(
  command: Command,
  run: (open: Open, options: OptionReader, args: readonly string[]) => Promise<number | void>,
): void {
  command.option("--json", "print JSON");
  addDataFlags(command).action(async () => {
    let api: Api | undefined;
    const open: Open = async (kind) => {
      api ??= await connect(command, kind);
      return api;
    };
    try {
      process.exitCode = (await run(open, new OptionReader(command.opts()), command.args)) ?? 0;
    } catch (error) {
      throw withFlag(error, command);
    } finally {
      await api?.close();
    }
  });
}

/** A refusal of a request's member, by the flag or the argument that the member came from. */
function withFlag(error: unknown, command: Command): unknown {
  if (!(error instanceof AppError) || error.path === undefined) return error;
  const [, member = "", ...rest] = error.path.split("/");
  const option = command.options.find((one) => one.attributeName() === member && !one.hidden);
  // What `revoke user <name>` names is the request's `user`.
  const argument = command.registeredArguments.find((one) =>
    [one.name(), command.name()].includes(member),
  );
  const word = option?.long ?? (argument && `<${argument.name()}>`);
  // Within a rule, its own path says more.
  if (word === undefined || rest.length > 0) return error;
  const { code, cause, expected } = error;
  const isBare = error.message === "A member is not right";
  const message = isBare ? `${word} is not right` : `${error.message} (at ${word})`;
  return new AppError(code, message, { cause, ...(expected === undefined ? {} : { expected }) });
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
