/** `rules import redis://…`: moving in from a seed installation, once or for as long as both run. */
import { readFile } from "node:fs/promises";
import { type Command, InvalidArgumentError } from "commander";
import { compareAll, readingOf } from "../app/seed/comparison.ts";
import { followSeed } from "../app/seed/follow.ts";
import { openSeed } from "../app/seed/open.ts";
import { AppError } from "../core/app-error.ts";
import type { SeedSource } from "../core/revocation/seed-source.ts";
import { parseMembers, textOf } from "./api-answer.ts";
import { sayChange, waitingOf } from "./changes.ts";
import type { Api } from "./connect.ts";
import type { Open, OptionReader } from "./data-command.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { createOurRules, sendRules, toSource } from "./import-ours.ts";
import { problemJson, problemLine, sayEvent } from "./import-words.ts";
import { countOf, print, printJson, remark } from "./output.ts";

const MAX_PREFIX = 200;
const MAX_PROBLEMS = 100;

/** Tells the address of a Redis from the name of a file. */
export function isRedisAddress(text: string): boolean {
  return /^rediss?(\+\w+)?:/i.test(text);
}

/** Adds what an import from a Redis takes. */
export function addRedisFlags(command: Command): Command {
  return command
    .option("--follow", "Redis: stay, and mirror what is added and removed there")
    .option("--prefix <text>", "Redis: what stands before jwt-rules: in its keys", toPrefix)
    .option("--password-file <file>", "Redis: file with its password")
    .option("--sentinel-password-file <file>", "Redis: file with its Sentinels' password")
    .option("--ca-file <file>", "Redis: PEM of the authorities that sign for it (TLS)")
    .option("--every <seconds>", "Redis, with --follow: time between full readings", toSeconds)
    .option("--allow-empty", "Redis, with --follow: lift also where it has none of the rules");
}

/** @returns the exit code */
export async function importFromRedis(
  address: string,
  open: Open,
  options: OptionReader,
): Promise<number> {
  const secrets = {
    password: await readSecret(options.text("passwordFile")),
    sentinelPassword: await readSecret(options.text("sentinelPasswordFile")),
    ca: await readSecret(options.text("caFile")),
  };
  const source = await openSeed(address, secrets, options.text("prefix"));
  try {
    return await (options.flag("follow") === true
      ? follow(source, open, options)
      : importOnce(source, () => open({ makesStore: true }), options));
  } finally {
    source.close();
  }
}

async function importOnce(
  source: SeedSource,
  open: () => Promise<Api>,
  options: OptionReader,
): Promise<number> {
  const api = await open();
  const reading = readingOf(source, Math.floor(Date.now() / 1000));
  const found = await compareAll(source, createOurRules(api), reading);
  const { expired, missing, present, problems, suspectRules } = found;
  for (const problem of problems.slice(0, MAX_PROBLEMS)) remark(problemLine(problem));
  const isRefused = problems.length > 0 && options.flag("continue") !== true;
  const about = {
    present,
    expired,
    refused: problems.length,
    problems: problems.slice(0, MAX_PROBLEMS).map(problemJson),
    gone: suspectRules,
  };
  if (isRefused || missing.length === 0) {
    if (options.isJson) printJson(JSON.stringify({ added: 0, ...about }));
    if (isRefused) {
      remark(
        `${problems.length} members were refused; nothing was imported. --continue imports the others.`,
      );
      return EXIT_CODES.failed.code;
    }
    if (!options.isJson) print(toSummary(0, about));
    return EXIT_CODES.done.code;
  }
  const waiting = waitingOf(api, options);
  const query = { ...waiting.query, source: toSource(`Redis ${source.name}`) };
  const text = await textOf(await sendRules(api, missing, query));
  const answer = parseMembers(text);
  const added = answer.number("added") ?? 0;
  if (options.isJson) printJson(JSON.stringify({ ...answer.all(), ...about }));
  return sayChange(api, options, answer, waiting, () => toSummary(added, about));
}

async function follow(
  source: SeedSource,
  open: () => Promise<Api>,
  options: OptionReader,
): Promise<number> {
  const api = await open();
  if (!api.isServer) {
    throw new AppError(
      "unavailable",
      "No server is running: --follow would keep it from the data folder. Start it first",
    );
  }
  const every = options.text("every");
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const followed = {
    everySeconds: every === undefined ? undefined : Number(every),
    isLenient: options.flag("continue") === true,
    mayBeEmpty: options.flag("allowEmpty") === true,
    nowMs: () => Date.now(),
    report: sayEvent(source.name, options.isJson),
  };
  await followSeed(source, createOurRules(api), followed, stop.signal);
  return EXIT_CODES.done.code;
}

interface About {
  readonly present: number;
  readonly expired: number;
  readonly refused: number;
  readonly gone: number;
}

function toSummary(added: number, { present, expired, refused, gone }: About): string {
  const parts = [`${countOf(added, "rule was", "rules were")} imported`];
  if (present > 0) parts.push(`${countOf(present, "was", "were")} here already`);
  if (expired > 0) parts.push(`${countOf(expired, "was", "were")} over already and left out`);
  if (refused > 0) parts.push(`${countOf(refused, "was", "were")} refused`);
  if (gone > 0) {
    parts.push(
      `${gone} that came from there before are there no longer, and stay (--follow lifts)`,
    );
  }
  return `${parts.join("; ")}.`;
}

async function readSecret(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (cause) {
    throw new AppError("unavailable", `${path} cannot be read`, { cause });
  }
}

function toPrefix(text: string): string {
  if (text.length <= MAX_PREFIX && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) return text;
  throw new InvalidArgumentError(`It takes one line of at most ${MAX_PREFIX} characters.`);
}

function toSeconds(text: string): string {
  if (/^[1-9]\d{0,4}$/.test(text)) return text;
  throw new InvalidArgumentError("It takes a whole number of seconds from 1 to 99999.");
}
