/** Puts files in place without ever writing over one that somebody has edited. */
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { AppError } from "../../core/app-error.ts";
import type { InstalledFile } from "./installed-files.ts";

/**
 * `written`: it was not there; `updated`: it was as an earlier version had left it; `same`: nothing to
 * do; `kept`: somebody has edited it, and what this version has lies beside it as `.new`.
 */
export type Outcome = "written" | "updated" | "same" | "kept";

export interface Placed {
  readonly path: string;
  readonly outcome: Outcome;
}

/** SHA-256 of each file as an installation left it, by path: what tells an edit from an old version. */
export class Receipt {
  readonly #path: string;
  readonly #hashes: Map<string, string>;

  constructor(path: string) {
    this.#path = path;
    this.#hashes = new Map(readReceipt(path));
  }

  isAsLeft(path: string, present: string): boolean {
    return this.#hashes.get(path) === present;
  }

  note(path: string, hash: string): void {
    this.#hashes.set(path, hash);
  }

  save(): void {
    const sorted = [...this.#hashes].toSorted(([a], [b]) => (a < b ? -1 : 1));
    writeWhole(this.#path, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`, 0o644);
  }
}

/** Places one text file. @throws AppError unavailable naming the path that cannot be written */
export function placeFile(file: InstalledFile, receipt: Receipt): Placed {
  const { path, mode } = file;
  const hash = sha256(file.text);
  return naming(path, () => {
    if (!existsSync(path)) {
      writeWhole(path, file.text, mode);
      receipt.note(path, hash);
      return { path, outcome: "written" };
    }
    const present = sha256(readFileSync(path));
    if (present === hash) {
      receipt.note(path, hash);
      return { path, outcome: "same" };
    }
    if (receipt.isAsLeft(path, present)) {
      writeWhole(path, file.text, mode);
      receipt.note(path, hash);
      return { path, outcome: "updated" };
    }
    writeWhole(`${path}.new`, file.text, mode);
    return { path, outcome: "kept" };
  });
}

/** Places the program; what runs from the old file goes on with it. @throws AppError unavailable */
export function placeProgram(source: string, path: string): Placed {
  return naming(path, () => {
    const isThere = existsSync(path);
    if (isThere && sha256(readFileSync(path)) === sha256(readFileSync(source))) {
      return { path, outcome: "same" };
    }
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    const fresh = `${path}.installing`;
    copyFileSync(source, fresh);
    chmodSync(fresh, 0o755);
    renameSync(fresh, path);
    return { path, outcome: isThere ? "updated" : "written" };
  });
}

/** Writes beside and renames: nobody ever reads half a file. */
function writeWhole(path: string, text: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const fresh = `${path}.installing`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, text, { mode, flag: "wx" });
  // The mode that was asked for, whatever the caller's umask says.
  chmodSync(fresh, mode);
  renameSync(fresh, path);
}

function naming(path: string, work: () => Placed): Placed {
  try {
    return work();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    throw new AppError("unavailable", `${path} cannot be written${code}`, { cause });
  }
}

function readReceipt(path: string): readonly [string, string][] {
  if (!existsSync(path)) return [];
  const parsed: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (typeof parsed !== "object" || parsed === null) return [];
  return Object.entries(parsed).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
}

function sha256(bytes: string | Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
