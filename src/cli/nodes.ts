/** `nodes list|forget`: the machines that share a store, how far each is, and how long its lease runs. */
import type { Command } from "commander";
import { membersOf, parseMembers, textOf, type Members } from "./api-answer.ts";
import { dataCommand } from "./data-command.ts";
import { print, printJson, printTable, toAge } from "./output.ts";

export function registerNodes(program: Command): void {
  const nodes = program
    .command("nodes")
    .description("the machines that share the store (JWT_STORE)");
  dataCommand(
    nodes.command("list").description("list them, with their leases and verifiers"),
    async (open, options) => {
      const text = await textOf(await (await open()).request("GET", "/nodes"));
      if (options.isJson) return printJson(text);
      const items = parseMembers(text).list("items");
      if (items.length === 0) return print("No machine shares its store with this one.");
      printTable(
        ["NODE", "ID", "LEASE", "RULES", "BEHIND", "CONFIRMED", "THREADS", "VERSION"],
        items.map(toRow),
      );
      return undefined;
    },
  );
  const forget = nodes
    .command("forget")
    .description("take a machine that is gone for good off the roll, so that nobody waits for it")
    .argument("<id>", "as `nodes list` shows it")
    .requiredOption("--reason <text>", "why, for the history");
  dataCommand(forget, async (open, options, [id = ""]) => {
    const body = JSON.stringify({ reason: options.text("reason") });
    const api = await open();
    const path = `/nodes/${encodeURIComponent(id)}`;
    const answer = await membersOf(await api.request("DELETE", path, { body }));
    if (options.isJson) return printJson(JSON.stringify({ id: answer.text("id") }));
    print(`${id} is off the roll.`);
    return undefined;
  });
}

function toRow(node: Members): readonly string[] {
  const verifiers = node.list("verifiers");
  const live = verifiers.filter((one) => one.flag("isLive")).length;
  const confirmed = node.number("confirmedSeq") ?? -1;
  return [
    `${node.text("name") ?? "?"}${node.flag("isThis") ? " (this)" : ""}`,
    node.text("id") ?? "?",
    toLease(node),
    `#${node.number("seq") ?? 0}`,
    String(node.number("behind") ?? 0),
    confirmed < 0 ? "-" : `#${confirmed}`,
    `${live} of ${verifiers.length}`,
    node.text("version") ?? "?",
  ];
}

function toLease(node: Members): string {
  const left = Math.ceil((node.number("leaseLeftMs") ?? 0) / 1000);
  if (node.flag("hasLease")) return `${left} s`;
  const silent = toAge((node.number("silentForMs") ?? 0) / 1000);
  return node.flag("isStrict") ? `over, silent for ${silent}` : `over, best effort, for ${silent}`;
}
