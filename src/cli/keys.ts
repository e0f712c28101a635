/** `keys list|sync`: key sources, their keys, age and last error. */
import type { Command } from "commander";
import { parseMembers, textOf, type Members } from "./api-answer.ts";
import type { Api } from "./connect.ts";
import { dataCommand, type OptionReader } from "./data-command.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { print, printJson, printTable, toAge } from "./output.ts";

export function registerKeys(program: Command): void {
  const keys = program.command("keys").description("verification keys and where they come from");
  dataCommand(keys.command("list").description("list key sources and keys"), (open, options) =>
    show(open, options, "GET", "/keys"),
  );
  dataCommand(keys.command("sync").description("read every key source now"), (open, options) =>
    show(open, options, "POST", "/keys/sync"),
  );
}

/** @returns the exit code of the command */
async function show(
  open: () => Promise<Api>,
  options: OptionReader,
  method: string,
  path: string,
): Promise<number> {
  const text = await textOf(await (await open()).request(method, path));
  const sources = parseMembers(text).list("items");
  if (options.isJson) printJson(text);
  else if (sources.length === 0) {
    print("No key source is configured: set JWT_JWKS_FILE, JWT_JWKS_URL or JWT_OIDC_ISSUERS.");
  } else printSources(sources);
  const hasFailed = sources.some((source) => source.has("error"));
  return method === "POST" && hasFailed ? EXIT_CODES.failed.code : EXIT_CODES.done.code;
}

function printSources(sources: readonly Members[]): void {
  printTable(["SOURCE", "AGE", "KID", "TYPE", "ALGORITHMS", "ISSUER"], sources.flatMap(toRows));
  for (const source of sources) {
    const name = source.text("source") ?? "";
    const error = source.text("error");
    if (error !== undefined) print(`${name}: ${error}`);
    for (const problem of source.texts("problems")) print(`${name}: ${problem}`);
  }
}

function toRows(source: Members): readonly (readonly string[])[] {
  const name = source.text("source") ?? "";
  const seconds = source.number("ageSeconds");
  const age = seconds === undefined ? "never read" : toAge(seconds);
  const keys = source.list("keys");
  if (keys.length === 0) return [[name, age, "no keys", "", "", ""]];
  return keys.map((key) => [
    name,
    age,
    key.text("kid") ?? "-",
    key.text("kty") ?? "",
    key.texts("algorithms").join(" "),
    key.text("issuer") ?? "any",
  ]);
}
