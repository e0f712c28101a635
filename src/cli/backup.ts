/** `backup FILE` and `restore FILE`: the whole store, copied while in use, and put back. */
import { rmSync, statSync } from "node:fs";
import { open as openFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { restoreStore } from "../app/restore.ts";
import { AppError } from "../core/app-error.ts";
import { textOf } from "./api-answer.ts";
import { becomeOwner, callerName } from "./become-owner.ts";
import { isServing } from "./connect.ts";
import { dataCommand } from "./data-command.ts";
import { addDataFlags, dataDirOf } from "./data-flags.ts";
import { countOf, print, printJson } from "./output.ts";
import { createWholeFile } from "./whole-file.ts";

export function registerBackup(program: Command): void {
  const command = program
    .command("backup")
    .description("copy rules, history, people and settings into a file, while the server runs")
    .argument("<file>", "the file; replaced once the copy is whole and checked");
  dataCommand(command, async (open, options, [file = ""]) => {
    const target = await createWholeFile(file);
    try {
      const api = await open({ needsStore: true });
      const response = await api.request("POST", "/backup", {
        body: JSON.stringify({ file: resolve(file) }),
        patienceSeconds: Number.POSITIVE_INFINITY,
      });
      if (!response.ok || response.body === null)
        throw new AppError("unavailable", await textOf(response));
      const bytes = await target.write(response.body);
      if (bytes !== Number(response.headers.get("x-backup-bytes"))) {
        throw new AppError("unavailable", "The copy did not arrive whole");
      }
      // The file's folder is the caller's own, not the data folder's owner's.
      await api.close();
      await target.commit();
      if (options.isJson) printJson(JSON.stringify({ file: resolve(file), bytes }));
      else print(`The backup is in ${file} (${bytes} bytes). Keep it as you keep passwords.`);
    } finally {
      await target.discard();
    }
  });
}

export function registerRestore(program: Command): void {
  const command = program
    .command("restore")
    .description("put a backup in the place of the data; the server has to be stopped")
    .argument("<file>", "a file that backup wrote")
    .option("--json", "print JSON");
  addDataFlags(command).action(async (file: string, options: { readonly json?: true }) => {
    const dataDir = dataDirOf(command);
    if (await isServing(dataDir)) {
      throw new AppError("conflict", "A server is running on this data: stop it first");
    }
    const actor = { who: callerName(process.env), via: "cli", from: "local" } as const;
    const done = await restoreStaged(file, dataDir, actor);
    if (options.json === true) return printJson(JSON.stringify(done));
    print(`${countOf(done.rules, "rule is", "rules are")} restored, up to change ${done.seq}.`);
    if (done.formerFile !== undefined)
      print(`What was there before is kept in ${done.formerFile}.`);
    return undefined;
  });
}

/** The folder's owner may not be able to read the file: it is brought to him first. */
async function restoreStaged(
  file: string,
  dataDir: string,
  actor: Parameters<typeof restoreStore>[2],
) {
  const stats = statSync(dataDir, { throwIfNoEntry: false });
  if (stats === undefined || process.geteuid?.() !== 0 || stats.uid === 0) {
    const becomeSelf = becomeOwner(dataDir);
    return restoreStore(dataDir, resolve(file), actor).finally(becomeSelf);
  }
  const staged = join(dataDir, `restore-${crypto.randomUUID()}.db`);
  try {
    await copyFor(file, staged, stats);
    const becomeSelf = becomeOwner(dataDir);
    return await restoreStore(dataDir, staged, actor).finally(becomeSelf);
  } finally {
    rmSync(staged, { force: true });
  }
}

/**
 * Copies a file into a folder that is somebody else's. By handles only: what root does by name in
 * there, its owner could turn to any other file.
 */
async function copyFor(
  file: string,
  copy: string,
  owner: { readonly uid: number; readonly gid: number },
): Promise<void> {
  await using undo = new AsyncDisposableStack();
  const source = await openFile(file, "r").catch((cause: unknown) => {
    throw new AppError("unavailable", `${file} cannot be read`, { cause });
  });
  undo.defer(() => source.close());
  const target = await openFile(copy, "wx", 0o600);
  undo.defer(() => target.close());
  await target.chown(owner.uid, owner.gid);
  for await (const piece of source.createReadStream({ autoClose: false })) {
    await target.write(toBytes(piece));
  }
}

function toBytes(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  throw new TypeError("a file is read in bytes");
}
