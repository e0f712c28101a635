/** `revoke user|block|token|family|all`: the everyday revocations, a line each. */
import type { Command } from "commander";
import { AppError } from "../core/app-error.ts";
import { addChangeFlags, sendChange } from "./changes.ts";
import { dataCommand } from "./data-command.ts";
import { toBody } from "./json-body.ts";
import { remark } from "./output.ts";
import { readToken } from "./token-argument.ts";

export function registerRevoke(program: Command): void {
  const revoke = program.command("revoke").description("revoke what was issued to somebody");
  registerPerson(
    revoke,
    "user",
    "refuse all that was issued to a user until now",
    (name, rule) => `${name} is revoked by rule ${rule}: nothing issued until now is accepted.`,
  );
  registerPerson(
    revoke,
    "block",
    "refuse all of a user's tokens, future ones too",
    (name, rule) => `${name} is blocked by rule ${rule} until that is lifted.`,
  );
  registerToken(revoke);
  registerFamily(revoke);
  registerAll(revoke);
}

function registerPerson(
  revoke: Command,
  kind: "user" | "block",
  description: string,
  done: (name: string, rule: number) => string,
): void {
  const command = revoke
    .command(kind)
    .description(description)
    .argument("<name>", "the user: the exact value of a subject claim")
    .option("--issuer <iss>", "only this issuer's tokens");
  dataCommand(addChangeFlags(command), (open, options, [name = ""]) =>
    sendChange(open, options, {
      method: "POST",
      path: "/revocations",
      body: toBody({
        [kind]: name,
        issuer: options.text("issuer"),
        reason: options.text("reason"),
      }),
      done: (answer) => done(name, answer.number("id") ?? 0),
    }),
  );
}

function registerToken(revoke: Command): void {
  const command = revoke
    .command("token")
    .description("refuse one token")
    .argument("[token]", "the token; better on standard input, where nobody else sees it")
    .option("--file <file>", "read it from a file");
  dataCommand(addChangeFlags(command), async (open, options, [argument]) => {
    const token = await readToken(argument, options.text("file"));
    return sendChange(open, options, {
      method: "POST",
      path: "/revocations",
      body: toBody({ token, reason: options.text("reason") }),
      done: (answer) => `The token is revoked by rule ${answer.number("id") ?? 0}.`,
    });
  });
}

function registerFamily(revoke: Command): void {
  const command = revoke
    .command("family")
    .description("refuse a refresh token and all that it issued")
    .argument("[token]", "the refresh token, one that it issued, or the family's id")
    .option("--file <file>", "read it from a file")
    .option("--subject <name>", "with an id: whose tokens they are")
    .option("--issuer <iss>", "with an id: only this issuer's tokens");
  dataCommand(addChangeFlags(command), async (open, options, [argument]) => {
    const family = await readToken(argument, options.text("file"));
    const [subject, issuer] = [options.text("subject"), options.text("issuer")];
    return sendChange(open, options, {
      method: "POST",
      path: "/revocations",
      body: toBody({ family, subject, issuer, reason: options.text("reason") }),
      done: (answer) => `The family is revoked by rule ${answer.number("id") ?? 0}.`,
    });
  });
}

function registerAll(revoke: Command): void {
  const command = revoke
    .command("all")
    .description("refuse everything that was issued until a moment")
    .option(
      "--before <moment>",
      "seconds since 1970 or a time such as 2026-11-23T12:00:00Z (default: now)",
    )
    .option("--yes", "do not ask");
  dataCommand(addChangeFlags(command), async (open, options) => {
    const issuedBefore = toMoment(options.text("before"));
    if (options.flag("yes") !== true) await confirmAll();
    return sendChange(open, options, {
      method: "POST",
      path: "/revocations",
      body: toBody({ issuedBefore, confirm: "all", reason: options.text("reason") }),
      done: (answer) => `Everybody is revoked by rule ${answer.number("id") ?? 0}.`,
    });
  });
}

/** What now is, and how far beyond it an issuer's clock may be, the server knows. */
function toMoment(text: string | undefined): number | "now" {
  if (text === undefined) return "now";
  const seconds = /^\d{1,12}$/.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1000);
  if (Number.isSafeInteger(seconds) && seconds > 0) return seconds;
  throw new AppError(
    "usage",
    "--before takes seconds since 1970, or a time such as 2026-11-23T12:00:00Z",
  );
}

/** Everybody has to log in again afterwards: that is typed, not clicked away. */
async function confirmAll(): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new AppError(
      "usage",
      "This turns everybody away; say --yes to do it without being asked",
    );
  }
  remark('This turns everybody away whose token was issued until then. Type "all" to do it:');
  for await (const line of console) {
    if (line.trim() === "all") return;
    break;
  }
  throw new AppError("usage", "Nothing was done");
}
