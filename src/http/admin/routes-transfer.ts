/** The routes that move rules in and out in bulk, and the whole store to a backup. */
import { toExportLine } from "../../core/revocation/import-line.ts";
import type { RuleQuery, RuleStore, StoredRule } from "../../core/revocation/store.ts";
import { waitAsWished } from "./confirm.ts";
import { importRules } from "./import-rules.ts";
import { json } from "./json-answer.ts";
import type { AdminOptions } from "./options.ts";
import { parseRoute, type Route } from "./route.ts";
import { ImportedShape } from "./answer-schemas.ts";
import { BackupBody, ExportQuery, ImportQuery } from "./request-schemas.ts";

const JSON_LINES = "application/x-ndjson";
const PAGE = 200;
/** A stream is sent without a length: this is how its receiver knows that he has all of it. */
const BACKUP_BYTES = "x-backup-bytes";

export function createTransferRoutes(options: AdminOptions): readonly Route[] {
  const { rules, nowSeconds, backUp } = options;
  return [
    parseRoute({
      method: "POST",
      path: "/import",
      summary: "Import rules: JSON lines as an export writes them, or the seed's sets",
      access: "admin",
      streams: JSON_LINES,
      query: ImportQuery,
      answers: {
        200: { description: "They are in force", schema: ImportedShape },
        422: { description: "Lines were refused, nothing is in force", schema: ImportedShape },
      },
      async handle({ request, query, actor }) {
        const stream = request.body ?? new Blob([]).stream();
        const { place, ...imported } = await importRules(rules, actor, stream, {
          source: query.source ?? "a file",
          isLenient: query.continue === "true",
          nowSeconds: nowSeconds(),
          left: request.signal,
        });
        if (place === undefined) return refusedImport(imported.refused, imported);
        const enforced = await waitAsWished(place, query, options);
        return json({ ...imported, seq: place.seq, ...enforced });
      },
    }),
    parseRoute({
      method: "GET",
      path: "/export",
      summary: "Export rules as JSON lines: those in force, or those that are looked for",
      access: "viewer",
      query: ExportQuery,
      answers: { 200: { description: "A rule a line", type: JSON_LINES } },
      handle: ({ query }) => {
        const found = Object.keys(query).length === 0 ? rules.activeRules() : search(rules, query);
        return new Response(toLines(found), {
          headers: {
            "content-type": JSON_LINES,
            "content-disposition": 'attachment; filename="haproxy-jwt-rules.jsonl"',
          },
        });
      },
    }),
    parseRoute({
      method: "POST",
      path: "/backup",
      summary: "Copy the whole store while it is in use",
      access: "control",
      body: BackupBody,
      answers: { 200: { description: "The copy", type: "application/vnd.sqlite3" } },
      async handle({ actor, body }) {
        const { stream, bytes } = await backUp(actor, body.file ?? "a file");
        const headers = {
          "content-type": "application/vnd.sqlite3",
          [BACKUP_BYTES]: String(bytes),
        };
        return new Response(stream, { headers });
      },
    }),
  ];
}

/** A problem (RFC 9457 §3.2 lets it have members of its own) with the lines that were refused. */
function refusedImport(refused: number, imported: object): Response {
  const title = refused === 1 ? "A line was refused" : `${refused} lines were refused`;
  const body = {
    type: "about:blank",
    title: `${title}; nothing was imported`,
    status: 422,
    ...imported,
  };
  return new Response(JSON.stringify(body), {
    status: 422,
    headers: { "content-type": "application/problem+json" },
  });
}

async function* search(
  rules: RuleStore,
  query: Omit<RuleQuery, "limit" | "cursor">,
): AsyncGenerator<StoredRule> {
  let cursor: string | undefined;
  do {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const page = await rules.listRules({ ...query, cursor, limit: PAGE });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** A stream that is filled as fast as it is read. */
function toLines(found: AsyncIterable<StoredRule>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const iterator = found[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const lines: string[] = [];
      for (let count = 0; count < PAGE; count += 1) {
        const next = await iterator.next();
        if (next.done === true) {
          if (lines.length > 0) controller.enqueue(encoder.encode(lines.join("")));
          controller.close();
          return;
        }
        lines.push(`${toExportLine(next.value)}\n`);
      }
      controller.enqueue(encoder.encode(lines.join("")));
    },
    cancel: async () => {
      await iterator.return?.();
    },
  });
}
