/** `admin token create|list|revoke`: what programs show the API. */
import type { Command } from "commander";
import { parseMembers, textOf } from "./api-answer.ts";
import { dataCommand } from "./data-command.ts";
import { roleOption } from "./role-option.ts";
import { toBody } from "./json-body.ts";
import { print, printJson, printTable, toTime } from "./output.ts";

export function registerAdminTokens(admin: Command): void {
  const token = admin.command("token").description("API tokens, for programs");
  registerCreate(token);
  registerList(token);
  registerRevoke(token);
}

function registerCreate(token: Command): void {
  const command = token
    .command("create")
    .description("make an API token; it is shown this once, alone on the last line")
    .requiredOption("--name <name>", "what the history calls it")
    .addOption(roleOption().makeOptionMandatory());
  dataCommand(command, async (open, options) => {
    const body = toBody({ name: options.text("name"), role: options.text("role") });
    const text = await textOf(
      await (await open({ makesStore: true })).request("POST", "/api-tokens", { body }),
    );
    if (options.isJson) return printJson(text);
    const made = parseMembers(text);
    print(
      `${made.text("name") ?? ""} may act as ${made.text("role") ?? ""}. Keep this, it is not shown again:`,
    );
    print(made.text("token") ?? "");
    return undefined;
  });
}

function registerList(token: Command): void {
  dataCommand(token.command("list").description("list API tokens"), async (open, options) => {
    const text = await textOf(await (await open()).request("GET", "/api-tokens"));
    if (options.isJson) return printJson(text);
    const tokens = parseMembers(text).list("items");
    if (tokens.length === 0) return print("There are no API tokens.");
    printTable(
      ["NAME", "ROLE", "MADE", "BY", "LAST USED", "REVOKED"],
      tokens.map((one) => [
        one.text("name") ?? "",
        one.text("role") ?? "",
        toTime(one.number("createdAt") ?? 0),
        one.text("createdBy") ?? "",
        toTimeOr("never", one.number("lastUsedAt")),
        toTimeOr("", one.number("revokedAt")),
      ]),
    );
    return undefined;
  });
}

function registerRevoke(token: Command): void {
  const command = token
    .command("revoke")
    .description("have an API token get in no more")
    .argument("<name>", "its name");
  dataCommand(command, async (open, options, [name = ""]) => {
    await textOf(await (await open()).request("DELETE", `/api-tokens/${encodeURIComponent(name)}`));
    if (options.isJson) printJson(JSON.stringify({ name }));
    else print(`${name} gets in no more.`);
  });
}

function toTimeOr(none: string, seconds: number | undefined): string {
  return seconds === undefined ? none : toTime(seconds);
}
