/** `rules import|export`: many rules at once, as JSON lines. */
import { open as openFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Command } from "commander";
import { AppError } from "../core/app-error.ts";
import { Members, parseMembers, textOf } from "./api-answer.ts";
import { addWaitFlags, sayChange, waitingOf } from "./changes.ts";
import { dataCommand } from "./data-command.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { addRedisFlags, importFromRedis, isRedisAddress } from "./import-redis.ts";
import { countOf, print, printJson, remark } from "./output.ts";
import { createWholeFile } from "./whole-file.ts";

const JSON_LINES = "application/x-ndjson";

export function registerRuleTransfer(rules: Command): void {
  registerImport(rules);
  registerExport(rules);
}

function registerImport(rules: Command): void {
  const command = rules
    .command("import")
    .description("import rules: JSON lines as export writes them, or the seed's sets; all or none")
    .argument(
      "<source>",
      "a file, - for standard input, or a seed's Redis: redis://HOST[:PORT][/DB]",
    )
    .option("--continue", "import what can be, and report what cannot");
  dataCommand(addRedisFlags(addWaitFlags(command)), async (open, options, [file = ""]) => {
    if (isRedisAddress(file)) return importFromRedis(file, open, options);
    const source = await openSource(file);
    const api = await open({ makesStore: true });
    const waiting = waitingOf(api, options);
    const query = new URLSearchParams({ ...waiting.query, source: source.name });
    if (options.flag("continue") === true) query.set("continue", "true");
    const response = await api.request("POST", `/import?${query.toString()}`, {
      body: withProgress(source.stream, source.bytes),
      type: JSON_LINES,
      patienceSeconds: Number.POSITIVE_INFINITY,
    });
    const isImported = response.ok;
    const text =
      isImported || response.status === 422 ? await response.text() : await textOf(response);
    const answer = parseMembers(text);
    // A refusal of the whole request, not of its lines, names none.
    if (!isImported && !answer.has("problems")) await textOf(new Response(text, { status: 422 }));
    if (options.isJson) printJson(text);
    for (const line of answer.list("problems")) remark(toLine(line));
    const refused = answer.number("refused") ?? 0;
    if (!isImported) {
      remark(
        `${countOf(refused, "line was", "lines were")} refused; nothing was imported. --continue imports the others.`,
      );
      return EXIT_CODES.failed.code;
    }
    return sayChange(api, options, answer, waiting, (done) => toSummary(done, refused));
  });
}

function registerExport(rules: Command): void {
  const command = rules
    .command("export")
    .description("write the rules in force as JSON lines")
    .argument("[file]", "the file (default: standard output)");
  dataCommand(command, async (open, options, [file]) => {
    const target = file === undefined || file === "-" ? undefined : await createWholeFile(file);
    try {
      const api = await open({ needsStore: true });
      const response = await api.request("GET", "/export");
      if (!response.ok || response.body === null)
        throw new AppError("unavailable", await textOf(response));
      if (target === undefined) {
        await response.body.pipeTo(toStdout());
        return undefined;
      }
      const bytes = await target.write(response.body);
      await target.commit();
      if (options.isJson) printJson(JSON.stringify({ file, bytes }));
      else print(`The rules in force are in ${file ?? ""} (${bytes} bytes).`);
      return undefined;
    } finally {
      await target?.discard();
    }
  });
}

interface Source {
  readonly name: string;
  readonly stream: ReadableStream<Uint8Array>;
  /** Undefined where nobody knows beforehand. */
  readonly bytes: number | undefined;
}

async function openSource(file: string): Promise<Source> {
  if (file === "-") return { name: "standard input", stream: Bun.stdin.stream(), bytes: undefined };
  try {
    // Opened now: without a server this process is the folder's owner later, who may not read it.
    const handle = await openFile(file, "r");
    const { size } = await handle.stat();
    const name = basename(file)
      .replace(/[^\x20-\x7e]/g, "?")
      .slice(0, 200);
    return { name, stream: readAll(handle), bytes: size };
  } catch (cause) {
    throw new AppError("unavailable", `${file} cannot be read`, { cause });
  }
}

const PIECE_BYTES = 256 * 1024;

function readAll(handle: Awaited<ReturnType<typeof openFile>>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { bytesRead, buffer } = await handle.read(new Uint8Array(PIECE_BYTES), 0, PIECE_BYTES);
      if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead));
      await handle.close();
      return controller.close();
    },
    cancel: () => handle.close(),
  });
}

const PROGRESS_EVERY_MS = 500;

/** Shows on a terminal how far it is. */
function withProgress(
  stream: ReadableStream<Uint8Array>,
  total: number | undefined,
): ReadableStream<Uint8Array> {
  if (!process.stderr.isTTY) return stream;
  let sent = 0;
  let shownAt = performance.now();
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        sent += piece.byteLength;
        if (performance.now() - shownAt >= PROGRESS_EVERY_MS) {
          shownAt = performance.now();
          const share = total === undefined || total === 0 ? "" : ` of ${toMegabytes(total)}`;
          process.stderr.write(`\r${toMegabytes(sent)}${share} `);
        }
        controller.enqueue(piece);
      },
      flush: () => void process.stderr.write("\r\u001b[K"),
    }),
  );
}

function toMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function toStdout(): WritableStream<Uint8Array> {
  return new WritableStream({
    write: (piece) =>
      new Promise<void>((resolve, reject) => {
        process.stdout.write(piece, (error) => (error ? reject(error) : resolve()));
      }),
  });
}

function toLine(problem: Members): string {
  const place = problem.text("path");
  const expected = problem.text("expected");
  const title = problem.text("title") ?? "";
  const more = expected === undefined || title.includes(expected) ? "" : `; expected ${expected}`;
  return `line ${problem.number("line") ?? "?"}: ${title}${place === undefined || title.includes(place) ? "" : ` (at ${place})`}${more}`;
}

function toSummary(answer: Members, refused: number): string {
  const parts = [`${countOf(answer.number("added") ?? 0, "rule was", "rules were")} imported`];
  const expired = answer.number("expired") ?? 0;
  if (expired > 0) parts.push(`${countOf(expired, "was", "were")} over already and left out`);
  if (refused > 0) parts.push(`${countOf(refused, "line was", "lines were")} refused`);
  return `${parts.join("; ")}.`;
}
