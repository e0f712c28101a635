/** Numbers on the command line. */
import { InvalidArgumentError } from "commander";

/** A whole number of seconds, a count or an id; kept as text. */
export function toWholeNumber(text: string): string {
  if (/^\d{1,15}$/.test(text)) return text;
  throw new InvalidArgumentError("a whole number");
}
