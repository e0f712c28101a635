/** What all changes of rules have in common: their flags, sending them, and saying what came of it. */
import { type Command, InvalidArgumentError } from "commander";
import { Members, parseMembers, textOf } from "./api-answer.ts";
import type { Api } from "./connect.ts";
import type { Open, OptionReader } from "./data-command.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { countOf, print, printJson, remark } from "./output.ts";

const DEFAULT_TIMEOUT = "10";

/** Adds what every change takes. */
export function addChangeFlags(command: Command): Command {
  return addWaitFlags(command.requiredOption("--reason <text>", "why, for the history"));
}

/** Adds how long to wait for a change's enforcement. */
export function addWaitFlags(command: Command): Command {
  return command
    .option("--wait", "wait until every HAProxy thread enforces it (default, but not with --json)")
    .option("--no-wait", "return as soon as it is on disk")
    .option("--timeout <seconds>", "how long to wait for that", toTimeout, DEFAULT_TIMEOUT);
}

/** How a command waits for the enforcement of what it changes. */
export interface Waiting {
  /** Whether somebody asked for it in so many words. */
  readonly isAsked: boolean;
  /** Whether there is a server that can say. */
  readonly isWaiting: boolean;
  /** Seconds. */
  readonly timeout: string;
  /** For the request's query. */
  readonly query: Readonly<Record<string, string>>;
  /** For the request: a server that waits for the enforcement answers when that time is up. */
  readonly patienceSeconds: number | undefined;
}

/** Beyond the time to wait for the enforcement: the change is to be written first. */
const WRITE_SECONDS = 6;

/** By default people wait, and programs that do not ask for it do not. */
export function waitingOf(api: Api, options: OptionReader): Waiting {
  const wait = options.flag("wait");
  const isWaiting = api.isServer && (wait ?? !options.isJson);
  const timeout = options.text("timeout") ?? DEFAULT_TIMEOUT;
  return {
    isAsked: wait === true,
    isWaiting,
    timeout,
    query: isWaiting ? { wait: "applied", timeout } : {},
    patienceSeconds: isWaiting ? Number(timeout) + WRITE_SECONDS : undefined,
  };
}

export interface Change {
  readonly method: "POST" | "DELETE";
  readonly path: string;
  /** JSON text. */
  readonly body: string;
  /** The first line for people. */
  readonly done: (answer: Members) => string;
}

/**
 * Sends a change, once whatever happens to the connection, and says what came of it.
 *
 * @returns the exit code: 3 when it is stored but nobody has confirmed that it is enforced
 */
export async function sendChange(
  open: Open,
  options: OptionReader,
  change: Change,
): Promise<number> {
  // What there is not cannot be taken away, but forbidden beforehand.
  const api = await open({ makesStore: change.method === "POST" });
  const waiting = waitingOf(api, options);
  const query = new URLSearchParams(waiting.query);
  const response = await api.request(change.method, `${change.path}?${query.toString()}`, {
    body: change.body,
    once: crypto.randomUUID(),
    ...(waiting.patienceSeconds === undefined ? {} : { patienceSeconds: waiting.patienceSeconds }),
  });
  const text = await textOf(response);
  if (options.isJson) printJson(text);
  return sayChange(api, options, parseMembers(text), waiting, change.done);
}

/** Says what a change did, and how far it has come. @returns the exit code */
export function sayChange(
  api: Api,
  options: OptionReader,
  answer: Members,
  waiting: Waiting,
  done: (answer: Members) => string,
): number {
  const isOpen = waiting.isWaiting ? !answer.flag("applied") : waiting.isAsked;
  const enforcement = enforcementOf(api, answer, waiting);
  if (options.isJson) {
    if (isOpen || !api.isServer) remark(enforcement);
  } else {
    print(done(answer));
    const words = answer.text("words");
    if (words !== undefined) print(words);
    print(enforcement);
  }
  return isOpen ? EXIT_CODES.unconfirmed.code : EXIT_CODES.done.code;
}

/** How far the change has come, in a sentence. */
export function enforcementOf(
  api: Pick<Api, "isServer">,
  answer: Members,
  { isWaiting, timeout }: Pick<Waiting, "isWaiting" | "timeout">,
): string {
  if (!api.isServer) return "No server is running: it is stored, and holds from its next start on.";
  if (!isWaiting) return "It is stored; --wait would say when every HAProxy thread enforces it.";
  const verifiers = answer.list("verifiers");
  const named = (state: string) =>
    verifiers.filter((one) => one.text("state") === state).map((one) => one.text("name") ?? "?");
  const applied = named("applied").length;
  const nodes = answer.list("nodes");
  if (nodes.length > 0) return onNodes(answer, nodes, timeout);
  if (answer.flag("applied")) {
    if (verifiers.length === 0) return "Enforced: nobody remembers an older verdict.";
    const ms = Math.max(0, ...verifiers.map((one) => one.number("ms") ?? 0));
    if (applied === 0) {
      return verifiers.length === 1
        ? "Enforced: the one HAProxy thread known is silent, and trusts nothing it remembers."
        : `Enforced: the ${verifiers.length} HAProxy threads known are silent, and trust nothing they remember.`;
    }
    const fenced = verifiers.length - applied;
    const others = fenced === 0 ? "" : `; ${fenced} silent, and trusting nothing they remember`;
    return `Enforced on ${applied} of ${verifiers.length} HAProxy threads, after ${Math.ceil(ms)} ms${others}.`;
  }
  const open = [...named("pending"), ...named("unconfirmed")];
  const who = open.length === 0 ? "verdicts given before have not run out yet" : open.join(", ");
  return `Stored, but not confirmed within ${timeout} s: ${who}.`;
}

/** The same, of several machines that share a store. */
function onNodes(answer: Members, nodes: readonly Members[], timeout: string): string {
  const inState = (state: string) => nodes.filter((one) => one.text("state") === state);
  const applied = inState("applied");
  if (answer.flag("applied")) {
    if (applied.length === 0) {
      return nodes.length === 1
        ? "Enforced: the one machine known is silent, and its lease is over."
        : `Enforced: the ${nodes.length} machines known are silent, and their leases are over.`;
    }
    const threads = applied.flatMap((one) => one.list("verifiers")).length;
    const fenced = nodes.length - applied.length;
    const others = fenced === 0 ? "" : `; ${fenced} silent, their leases over`;
    const ms = answer.number("ms") ?? 0;
    return `Enforced on ${applied.length} of ${nodes.length} machines (${countOf(threads, "HAProxy thread", "HAProxy threads")}), after ${ms} ms${others}.`;
  }
  const open = [...inState("pending"), ...inState("unconfirmed")].map(
    (one) => one.text("name") ?? "?",
  );
  const who =
    open.length === 0 ? "leases of a former history have not run out yet" : open.join(", ");
  return `Stored, but not confirmed within ${timeout} s: ${who}.`;
}

function toTimeout(text: string): string {
  if (/^\d{1,2}$/.test(text) && Number(text) <= 60) return text;
  throw new InvalidArgumentError("It takes a whole number of seconds from 0 to 60.");
}
