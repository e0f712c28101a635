/** Says what an import from a seed's Redis meets: a sentence for people, a JSON line for programs. */
import type { SeedEvent } from "../app/seed/seed-event.ts";
import type { MemberProblem } from "../core/revocation/seed-mirror.ts";
import { print, printJson, remark } from "./output.ts";

/** The member, by the set it is in and its place there, and what is wrong with it. */
export function problemLine({ set, place, problem }: MemberProblem): string {
  const where = place === undefined ? "" : `, member ${place}`;
  const at = problem.path === undefined || problem.message.includes(problem.path);
  return `jwt-rules:${set}${where}: ${problem.message}${at ? "" : ` (at ${problem.path ?? ""})`}`;
}

/** `{set, place?, title, path?, expected?}` */
export function problemJson({ set, place, problem }: MemberProblem): object {
  const { message: title, path, expected } = problem;
  return { set, place, title, path, expected };
}

/** Tells events as they come, on standard output; what needs somebody's eye on standard error as well. */
export function sayEvent(name: string, isJson: boolean): (event: SeedEvent) => void {
  return (event) => {
    if (isJson) {
      const { event: kind, ...rest } = event;
      const told = event.event === "refused" ? problemJson(event) : rest;
      printJson(JSON.stringify({ event: kind, ...told }));
    } else if (NEEDS_AN_EYE.has(event.event)) remark(toSentence(event, name));
    else print(toSentence(event, name));
  };
}

const NEEDS_AN_EYE: ReadonlySet<SeedEvent["event"]> = new Set([
  "refused",
  "polling",
  "away",
  "held",
]);

function toSentence(event: SeedEvent, name: string): string {
  switch (event.event) {
    case "read": {
      const { sets, present, added, lifted, expired, refused } = event;
      return `Read ${sets} sets of Redis ${name}: ${added} rules added, ${lifted} lifted, ${present} here already, ${expired} over, ${refused} refused.`;
    }
    case "added":
      return `Rule ${event.id} is written: added to jwt-rules:${event.set}.`;
    case "lifted":
      return `Rule ${event.id} is lifted: gone from jwt-rules:${event.set}.`;
    case "refused":
      return `Refused, and so NOT revoked here: ${problemLine(event)}`;
    case "listening":
      return `Following Redis ${name}; everything is read again every ${event.everySeconds} s.`;
    case "polling":
      return `Redis ${name} does not tell of changes (${event.why}): everything is read again every ${event.everySeconds} s. CONFIG SET notify-keyspace-events Kgzxe makes it tell.`;
    case "away":
      return `${event.why}. What changes there meanwhile is not known here; trying again.`;
    case "back":
      return `Back, and everything was read again.`;
    case "held":
      return `Redis ${name} is another one than before, or was started anew, and has none of the ${event.rules} rules that came from it: nothing is lifted. Start with --allow-empty if they are meant to be gone.`;
  }
}
