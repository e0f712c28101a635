/** `rules add|lift|preview`: revocation rules by hand. */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { AppError } from "../core/app-error.ts";
import { JsonSyntaxError, parseJson } from "../core/json-parse.ts";
import { jsonText } from "../core/revocation/json-text.ts";
import { membersOf, textOf } from "./api-answer.ts";
import { addChangeFlags, sendChange } from "./changes.ts";
import { dataCommand, type OptionReader } from "./data-command.ts";
import { toCount, toWholeNumber } from "./numbers.ts";
import { RawText, toBody } from "./json-body.ts";
import { countOf, print, printJson } from "./output.ts";
import { registerRuleList, registerRuleShow } from "./rules-read.ts";
import { registerRuleTransfer } from "./rules-transfer.ts";
import { readToken } from "./token-argument.ts";

export function registerRules(program: Command): void {
  const rules = program.command("rules").description("revocation rules");
  registerAdd(rules);
  registerRuleList(rules);
  registerRuleShow(rules);
  registerLift(rules);
  registerPreview(rules);
  registerRuleTransfer(rules);
}

function registerAdd(rules: Command): void {
  const command = addScopeFlags(rules.command("add").description("write a rule"))
    .requiredOption("--rule <json>", "the rule's JSON; @file or - for standard input")
    .option(
      "--expire-at <seconds>",
      "seconds since 1970 from which it no longer holds",
      toWholeNumber,
    );
  dataCommand(addChangeFlags(command), async (open, options) => {
    const body = toBody({
      ...scopeOf(options),
      expireAt: optionalNumber(options.text("expireAt")),
      reason: options.text("reason"),
      rule: new RawText(await readRule(options.text("rule") ?? "")),
    });
    return sendChange(open, options, {
      method: "POST",
      path: "/rules",
      body,
      done: (answer) => `Rule ${answer.number("id") ?? "?"} is written.`,
    });
  });
}

function registerLift(rules: Command): void {
  const command = rules.command("lift").argument("<id>", "the rule's number", toCount);
  command.description("end a rule; it stays in the history");
  dataCommand(addChangeFlags(command), async (open, options, [id = ""]) =>
    sendChange(open, options, {
      method: "DELETE",
      path: `/rules/${id}`,
      body: toBody({ reason: options.text("reason") }),
      done: () => `Rule ${id} is lifted: what it refused may pass again.`,
    }),
  );
}

function registerPreview(rules: Command): void {
  const command = addScopeFlags(rules.command("preview"))
    .description("say what a rule would do; nothing is written")
    .requiredOption("--rule <json>", "the rule's JSON; @file or - for standard input")
    .option("--token-file <file>", "a token to try it on");
  dataCommand(command, async (open, options) => {
    const tokenFile = options.text("tokenFile");
    const body = toBody({
      ...scopeOf(options),
      rule: new RawText(await readRule(options.text("rule") ?? "")),
      test: tokenFile === undefined ? undefined : await readToken(undefined, tokenFile),
    });
    const response = await (await open()).request("POST", "/rules/preview", { body });
    if (options.isJson) return printJson(await textOf(response));
    const preview = await membersOf(response);
    print(preview.text("words") ?? "");
    const seen = preview.object("seen");
    print(
      (await open()).isServer
        ? `Of ${countOf(seen.number("of") ?? 0, "token", "tokens")} seen within the last hour it would refuse ${seen.number("matched") ?? 0}.`
        : "No server is running: no tokens were seen to try it on.",
    );
    const notLookedAt = seen.number("notLookedAt") ?? 0;
    if (notLookedAt > 0)
      print(`${notLookedAt} more were not looked at: this rule takes long to try.`);
    const leftOut = seen.number("leftOut") ?? 0;
    if (leftOut > 0) print(`${leftOut} encrypted tokens are not counted: that needs an operator.`);
    const test = preview.object("test");
    if (!preview.has("test")) return undefined;
    print(test.text("words") ?? "");
    if (test.flag("claimsHidden")) {
      print(
        "Whether the rule would refuse it is not said: it is encrypted, and this needs an operator.",
      );
      return undefined;
    }
    print(test.flag("matches") ? "The rule would refuse it." : "The rule would not refuse it.");
    return undefined;
  });
}

/** Whom a rule is for. The issuer here is the rule's, never the setting. */
function addScopeFlags(command: Command): Command {
  return command
    .option("--global", "for everybody's tokens")
    .option("--subject <name>", "for one subject's tokens")
    .option("--issuer <iss>", "of this issuer only");
}

function scopeOf(options: OptionReader) {
  const subject = options.text("subject");
  const issuer = options.text("issuer");
  const isGlobal = options.flag("global") === true;
  if (isGlobal === (subject !== undefined) || (isGlobal && issuer !== undefined)) {
    throw new AppError("usage", "Say whom it is for: --global, or --subject NAME [--issuer ISS]");
  }
  return isGlobal ? { scope: "global" } : { subject, issuer };
}

/** Reads the rule's text, and writes it anew: what is not one JSON value cannot reach the request. */
async function readRule(option: string): Promise<string> {
  const text = await readRuleText(option);
  try {
    return jsonText(parseJson(text));
  } catch (cause) {
    if (!(cause instanceof JsonSyntaxError) && !(cause instanceof TypeError)) throw cause;
    throw new AppError("invalid", `The rule is not JSON: ${cause.message}`, {
      cause,
      path: "/rule",
    });
  }
}

async function readRuleText(option: string): Promise<string> {
  if (option === "-") return Bun.stdin.text();
  if (!option.startsWith("@")) return option;
  try {
    return await readFile(option.slice(1), "utf8");
  } catch (cause) {
    throw new AppError("unavailable", `${option.slice(1)} cannot be read`, { cause });
  }
}

function optionalNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
