/** `token inspect|mint`: what the appliance says of a token, and tokens for trying out. */
import type { Command } from "commander";
import { parseMembers, textOf } from "./api-answer.ts";
import { dataCommand } from "./data-command.ts";
import { toBody } from "./json-body.ts";
import { print, printJson, toTime } from "./output.ts";
import { readToken } from "./token-argument.ts";
import { registerMint } from "./token-mint.ts";

export function registerToken(program: Command): void {
  const token = program.command("token").description("look at tokens, make some to try out");
  registerInspect(token);
  registerMint(token);
}

function registerInspect(token: Command): void {
  const command = token
    .command("inspect")
    .description("say what becomes of a token, and why")
    .argument("[token]", "the token; better on standard input, where nobody else sees it")
    .option("--file <file>", "read it from a file");
  dataCommand(command, async (open, options, [argument]) => {
    const body = toBody({ token: await readToken(argument, options.text("file")) });
    const text = await textOf(await (await open()).request("POST", "/tokens/inspect", { body }));
    if (options.isJson) return printJson(text);
    const verdict = parseMembers(text);
    const reason = verdict.text("reason") ?? "";
    const detail = verdict.text("detail");
    print(`${verdict.flag("valid") ? "valid" : "refused"}: ${verdict.text("words") ?? ""}`);
    print(`reason   ${reason}${detail === undefined ? "" : `, ${detail}`}`);
    const key = verdict.object("key");
    if (verdict.has("key")) {
      const kid = key.text("kid");
      const source = key.text("source") ?? "a shared decryption key";
      print(
        `key      ${kid === undefined ? "" : `${kid}, `}${key.text("alg") ?? ""}, of ${source}`,
      );
    }
    const subjects = verdict.texts("subjects");
    if (subjects.length > 0) print(`subject  ${subjects.join(", ")}`);
    const issuer = verdict.text("issuer");
    if (issuer !== undefined) print(`issuer   ${issuer}`);
    const until = verdict.number("until");
    if (until !== undefined) print(`until    ${toTime(until)}`);
    const rule = verdict.object("rule");
    if (verdict.has("rule")) {
      print(`rule     ${rule.number("id") ?? "?"}: ${rule.text("words") ?? ""}`);
      print(`because  ${rule.text("reason") ?? ""}`);
    }
    return undefined;
  });
}
