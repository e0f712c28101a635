/** The moment that a build carries: the sources', not the builder's. */
import { execFileSync } from "node:child_process";

/** SOURCE_DATE_EPOCH, else the last commit's time, else a fixed day; Unix seconds. */
export function sourceEpoch(): string {
  const given = process.env["SOURCE_DATE_EPOCH"];
  if (given !== undefined && /^\d+$/.test(given)) return given;
  try {
    const git = ["log", "-1", "--format=%ct"];
    return execFileSync("git", git, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    // An unpacked archive has no history: any fixed moment makes the same bytes.
    return "1767225600";
  }
}
