/** Which passwords may be chosen (ASVS 5.0 §6.2): long ones that nobody guesses first. */
import { AppError } from "../../core/app-error.ts";
import { COMMON_PASSWORDS, COMMON_WORDS } from "./common-passwords.ts";

/** Characters, counted as people count them: by code point. */
export const PASSWORD_LENGTH = { min: 15, max: 128 } as const;

/** What must be left of a password once everything guessable is taken out of it. */
const MIN_OWN_CHARACTERS = 8;

/**
 * Refuses a password that is too short, too long, common, or made of nothing but repetition,
 * sequences, the person's name and everyday words.
 *
 * @throws AppError invalid at `/password`, never quoting it
 */
export function checkPassword(password: string, personName: string): void {
  const problem = findProblem(password.normalize("NFC"), personName);
  if (problem === undefined) return;
  throw new AppError("invalid", `This password cannot be used: ${problem}`, {
    path: "/password",
    expected: `${PASSWORD_LENGTH.min} to ${PASSWORD_LENGTH.max} characters that are hard to guess, such as five unrelated words`,
  });
}

function findProblem(password: string, personName: string): string | undefined {
  const length = Array.from(password).length;
  if (length < PASSWORD_LENGTH.min)
    return `it has ${length} characters, at least ${PASSWORD_LENGTH.min} are needed`;
  if (length > PASSWORD_LENGTH.max) return `it has more than ${PASSWORD_LENGTH.max} characters`;
  const plain = toPlain(password);
  if (COMMON_PASSWORDS.has(plain) || COMMON_PASSWORDS.has(password.toLowerCase())) {
    return "it is one of the commonly used ones";
  }
  if (isRepetition(password.toLowerCase())) return "it repeats itself";
  const names = personName.split(/[^\p{L}\p{N}]+/u).filter((part) => part.length >= 3);
  // Once with look-alikes as letters, once with digits as digits: the one hides what the other shows.
  const own = [plain, password.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "")].map((text) =>
    withoutGuessable(text, [toPlain(personName), ...names.map(toPlain)]),
  );
  if (Math.min(...own) < MIN_OWN_CHARACTERS) {
    return "little of it is left without names, everyday words and sequences";
  }
  return undefined;
}

const LOOKALIKES: ReadonlyMap<string, string> = new Map([
  ["0", "o"],
  ["1", "i"],
  ["3", "e"],
  ["4", "a"],
  ["5", "s"],
  ["7", "t"],
  ["@", "a"],
  ["$", "s"],
  ["!", "i"],
]);

/** Lower case, look-alike characters as the letters they stand for, nothing but letters and digits. */
function toPlain(text: string): string {
  const letters = Array.from(text.toLowerCase(), (char) => LOOKALIKES.get(char) ?? char);
  return letters.join("").replace(/[^\p{L}\p{N}]/gu, "");
}

/** Whether the text is a shorter one over and over, the last time perhaps cut off. */
function isRepetition(text: string): boolean {
  for (let period = 1; period <= text.length / 2; period += 1) {
    if (text.slice(period) === text.slice(0, -period)) return true;
  }
  return false;
}

/** Counts the characters left without the words, digits, and runs along the alphabet or a keyboard. */
function withoutGuessable(plain: string, names: readonly string[]): number {
  const words = [...names.filter((name) => name.length >= 3), ...COMMON_WORDS];
  let left = plain;
  for (const word of words.toSorted((a, b) => b.length - a.length)) {
    left = left.replaceAll(word, " ");
  }
  left = left.replace(/\p{N}/gu, " ");
  const runs = Array.from(left).filter((char, index, all) => {
    const before = all[index - 1];
    return char !== " " && (before === undefined || !isNeighbour(before, char));
  });
  return runs.length;
}

const ROWS = [
  "abcdefghijklmnopqrstuvwxyz",
  "qwertyuiop",
  "qwertzuiop",
  "asdfghjkl",
  "zxcvbnm",
  "yxcvbnm",
];

/** Whether two characters are the same, or beside each other in the alphabet or on a keyboard. */
function isNeighbour(a: string, b: string): boolean {
  if (a === b) return true;
  return ROWS.some((row) => row.includes(a + b) || row.includes(b + a));
}
