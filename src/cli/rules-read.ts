/** `rules list|show`: which rules there are, and what became of each. */
import { type Command, Option } from "commander";
import { parseMembers, textOf, type Members } from "./api-answer.ts";
import { dataCommand } from "./data-command.ts";
import { toCount } from "./numbers.ts";
import { print, printJson, printTable, toTime } from "./output.ts";

const STATES = ["active", "expired", "lifted", "unreadable", "all"] as const;

export function registerRuleList(rules: Command): void {
  const command = rules
    .command("list")
    .description("list rules, newest first")
    .option("--global", "only those for everybody")
    .option("--subject <name>", "only those of a subject")
    .addOption(new Option("--state <state>", "which of them").choices(STATES).default("active"))
    .option("--by-end", "those that end next first, those that never do last")
    .option("--search <text>", "only those with this text in subject, reason or rule")
    .option("--limit <count>", "how many", toCount, "50")
    .option("--cursor <cursor>", "go on where an earlier list ended");
  dataCommand(command, async (open, options) => {
    const state = options.text("state");
    const query = new URLSearchParams({ limit: options.text("limit") ?? "50" });
    if (state !== undefined && state !== "all") query.set("state", state);
    if (options.flag("global") === true) query.set("scope", "global");
    if (options.flag("byEnd") === true) {
      query.set("sort", "end");
      query.set("order", "asc");
    }
    for (const [name, member] of [
      ["subject", "subject"],
      ["search", "q"],
      ["cursor", "cursor"],
    ] as const) {
      const value = options.text(name);
      if (value !== undefined) query.set(member, value);
    }
    const text = await textOf(await (await open()).request("GET", `/rules?${query.toString()}`));
    if (options.isJson) return printJson(text);
    const page = parseMembers(text);
    const items = page.list("items");
    if (items.length === 0) return print("There is no such rule.");
    printTable(
      ["RULE", "STATE", "FOR", "ADDED", "ENDS", "REASON", "WHAT IT DOES"],
      items.map((rule) => [
        String(rule.number("id")),
        rule.text("state") ?? "",
        toWhom(rule),
        toTime(rule.number("addedAt") ?? 0),
        toEnd(rule),
        rule.text("reason") ?? "",
        rule.text("words") ?? "",
      ]),
    );
    const cursor = page.text("cursor");
    if (cursor !== undefined) print(`There are more: --cursor ${cursor}`);
  });
}

export function registerRuleShow(rules: Command): void {
  const command = rules.command("show").argument("<id>", "the rule's number", toCount);
  dataCommand(
    command.description("show a rule and its history"),
    async (open, options, [id = ""]) => {
      const text = await textOf(await (await open()).request("GET", `/rules/${id}`));
      if (options.isJson) return printJson(text);
      const rule = parseMembers(text);
      print(`Rule ${id} is ${rule.text("state") ?? "?"}.`);
      print(rule.text("words") ?? "");
      print(`for      ${toWhom(rule)}`);
      print(`ends     ${toEnd(rule)}`);
      print(
        `added    ${toTime(rule.number("addedAt") ?? 0)} by ${toActor(rule.object("addedBy"))}`,
      );
      print(`reason   ${rule.text("reason") ?? ""}`);
      const lifted = rule.object("lifted");
      if (rule.has("lifted")) {
        print(`lifted   ${toTime(lifted.number("at") ?? 0)} by ${toActor(lifted.object("by"))}`);
        print(`because  ${lifted.text("reason") ?? ""}`);
      }
    },
  );
}

function toWhom(rule: Members): string {
  if (rule.text("scope") === "global") return "everybody";
  const issuer = rule.text("issuer");
  return `${rule.text("subject") ?? ""}${issuer === undefined ? "" : ` of ${issuer}`}`;
}

function toEnd(rule: Members): string {
  const end = rule.number("expireAt") ?? 0;
  return end === 0 ? "when lifted" : toTime(end);
}

function toActor(actor: Members): string {
  return `${actor.text("who") ?? "?"} (${actor.text("via") ?? "?"}, ${actor.text("from") ?? "?"})`;
}
