/** `admin create|passwd|remove|list|role|token …`: people and API tokens. */
import { Argument, type Command } from "commander";
import { registerAdminTokens } from "./admin-token.ts";
import { parseMembers, textOf } from "./api-answer.ts";
import { dataCommand } from "./data-command.ts";
import { toBody } from "./json-body.ts";
import { print, printJson, printTable, toTime } from "./output.ts";
import { ROLES, roleOption } from "./role-option.ts";
import { readNewPassword } from "./password-prompt.ts";

export function registerAdmin(program: Command): void {
  const admin = program.command("admin").description("people who may log in, and API tokens");
  registerCreate(admin);
  registerPasswd(admin);
  registerRole(admin);
  registerRemove(admin);
  registerPeople(admin);
  registerAdminTokens(admin);
}

function registerCreate(admin: Command): void {
  const command = admin
    .command("create")
    .description("let somebody log in; asks for the password, or reads it from standard input")
    .argument("<name>", "the login name")
    .addOption(roleOption().default("admin"));
  dataCommand(command, async (open, options, [name = ""]) => {
    const role = options.text("role") ?? "admin";
    const body = toBody({ name, role, password: await readNewPassword(name) });
    const text = await textOf(
      await (await open({ makesStore: true })).request("POST", "/people", { body }),
    );
    if (options.isJson) printJson(text);
    else print(`${name} may log in now, as ${role}.`);
  });
}

function registerPasswd(admin: Command): void {
  const command = admin
    .command("passwd")
    .description("give somebody a new password; all of his sessions end")
    .argument("<name>", "the login name");
  dataCommand(command, async (open, options, [name = ""]) => {
    const body = toBody({ password: await readNewPassword(name) });
    await textOf(
      await (await open()).request("PUT", `/people/${encodeURIComponent(name)}/password`, { body }),
    );
    if (options.isJson) printJson(JSON.stringify({ name }));
    else print(`${name} has a new password, and has to log in again.`);
  });
}

function registerRole(admin: Command): void {
  const command = admin
    .command("role")
    .description("change what somebody may do")
    .argument("<name>", "the login name")
    .addArgument(new Argument("<role>", "what he may do").choices(ROLES));
  dataCommand(command, async (open, options, [name = "", role = ""]) => {
    const body = toBody({ role });
    await textOf(
      await (await open()).request("PUT", `/people/${encodeURIComponent(name)}/role`, { body }),
    );
    if (options.isJson) printJson(JSON.stringify({ name, role }));
    else print(`${name} is ${role} now.`);
  });
}

function registerRemove(admin: Command): void {
  const command = admin
    .command("remove")
    .description("let somebody in no more; all of his sessions end")
    .argument("<name>", "the login name");
  dataCommand(command, async (open, options, [name = ""]) => {
    await textOf(await (await open()).request("DELETE", `/people/${encodeURIComponent(name)}`));
    if (options.isJson) printJson(JSON.stringify({ name }));
    else print(`${name} cannot log in any more.`);
  });
}

function registerPeople(admin: Command): void {
  dataCommand(admin.command("list").description("list people"), async (open, options) => {
    const text = await textOf(await (await open()).request("GET", "/people"));
    if (options.isJson) return printJson(text);
    const people = parseMembers(text).list("items");
    if (people.length === 0) return print("Nobody can log in yet: haproxy-jwt admin create NAME");
    printTable(
      ["NAME", "ROLE", "SINCE", "PASSWORD OF"],
      people.map((person) => [
        person.text("name") ?? "",
        person.text("role") ?? "",
        toTime(person.number("createdAt") ?? 0),
        toTime(person.number("passwordChangedAt") ?? 0),
      ]),
    );
    return undefined;
  });
}
