/** Numbers on the command line. */
import { InvalidArgumentError } from "commander";

/** A number of seconds; kept as text. */
export function toWholeNumber(text: string): string {
  if (/^\d{1,15}$/.test(text)) return text;
  throw new InvalidArgumentError("It takes a whole number from 0 on.");
}

/** A count or an id; kept as text. */
export function toCount(text: string): string {
  if (/^[1-9]\d{0,14}$/.test(text)) return text;
  throw new InvalidArgumentError("It takes a whole number from 1 on.");
}
