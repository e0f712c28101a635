/** Knows the machine's accounts by their numbers. */
import { readFileSync } from "node:fs";

/** The name of a user's number; `uid 1234` where the machine has none for it. */
export function accountName(uid: number): string {
  try {
    const lines = readFileSync("/etc/passwd", "utf8").split("\n");
    const line = lines.map((text) => text.split(":")).find((fields) => fields[2] === String(uid));
    return line?.[0] ?? `uid ${uid}`;
  } catch {
    return `uid ${uid}`;
  }
}
