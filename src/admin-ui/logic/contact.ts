/** Says in the line that is always there why what one sees is not of now. */
import type { StateLine } from "./enforcement.ts";
import { formatDuration } from "./number.ts";
import { formatClock } from "./time.ts";

/** @param heardAt Unix seconds at which the server was last heard; undefined: never */
export function toLostLine(heardAt: number | undefined, now: number): StateLine {
  const since = heardAt === undefined ? "" : ` for ${formatDuration(now - heardAt)}`;
  const more = "HAProxy goes on by what it knows, then asks or refuses";
  return {
    tone: "bad",
    text: `No contact with the server${since}`,
    more: heardAt === undefined ? more : `${ageWords(heardAt)} · ${more}`,
    href: "/",
  };
}

/** The server is there, but tells nobody anything who has not logged in. */
export function toEndedLine(heardAt: number | undefined): StateLine {
  return {
    tone: "warn",
    text: "Your session has ended",
    more: heardAt === undefined ? "" : ageWords(heardAt),
    href: "/",
  };
}

function ageWords(heardAt: number): string {
  return `what you see is of ${formatClock(heardAt)}`;
}
