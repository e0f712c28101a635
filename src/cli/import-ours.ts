/** The rules here, as a mirror of the seed's sets needs them, over the admin API. */
import type { OurRules, RuleIdsOfContent } from "../app/seed/our-rules.ts";
import { AppError } from "../core/app-error.ts";
import { readLines } from "../core/json-lines.ts";
import { parseJsonObject } from "../core/json-parse.ts";
import { MAX_LINE_LENGTH, parseImportLine, toRuleLine } from "../core/revocation/import-line.ts";
import { createPatternCache } from "../core/revocation/pattern.ts";
import { contentOf } from "../core/revocation/seed-mirror.ts";
import type { NewRule, RuleScope } from "../core/revocation/store.ts";
import { membersOf, textOf } from "./api-answer.ts";
import type { Api } from "./connect.ts";
import { toBody } from "./json-body.ts";

const PATTERNS_KEPT = 1000;
const LINES_AT_A_TIME = 1000;

export function createOurRules(api: Api): OurRules {
  return {
    inForce: (reason, scope) => readInForce(api, reason, scope),
    add: async (rule) => {
      const init = { body: toRuleLine(rule), once: crypto.randomUUID() };
      const { id } = idOf(await membersOf(await api.request("POST", "/rules", init)));
      return id;
    },
    addAll: async (rules, source) => {
      await textOf(await sendRules(api, rules, { source: toSource(source) }));
    },
    lift: async (id, reason) => {
      const body = toBody({ reason });
      const response = await api.request("DELETE", `/rules/${id}`, { body });
      // Somebody lifted it, or its time is over: it is not in force any more, which is all that is wanted.
      if (response.status !== 404 && response.status !== 409) await textOf(response);
    },
  };
}

/** Sends rules as an import, all of them or none. */
export function sendRules(
  api: Api,
  rules: readonly NewRule[],
  query: Readonly<Record<string, string>>,
): Promise<Response> {
  const encoder = new TextEncoder();
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const some = rules.slice(at, at + LINES_AT_A_TIME);
      at += some.length;
      if (some.length === 0) return controller.close();
      return controller.enqueue(encoder.encode(`${some.map(toRuleLine).join("\n")}\n`));
    },
  });
  const path = `/import?${new URLSearchParams(query).toString()}`;
  const type = "application/x-ndjson";
  return api.request("POST", path, { body, type, patienceSeconds: Number.POSITIVE_INFINITY });
}

/** A name as an import may have one. */
export function toSource(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, "?").slice(0, 200);
}

async function readInForce(
  api: Api,
  reason: string,
  scope: RuleScope | undefined,
): Promise<ReadonlyMap<string, RuleIdsOfContent>> {
  const query = new URLSearchParams({ state: "active", q: reason });
  if (scope?.kind === "global") query.set("scope", "global");
  if (scope?.kind === "subject") query.set("subject", scope.subject);
  const response = await api.request("GET", `/export?${query.toString()}`);
  if (!response.ok || response.body === null) {
    throw new AppError("unavailable", await textOf(response));
  }
  const compile = createPatternCache(PATTERNS_KEPT);
  const found = new Map<string, { readonly scope: RuleScope; readonly ids: number[] }>();
  for await (const batch of readLines(response.body, MAX_LINE_LENGTH)) {
    for (const { text } of batch) {
      const { id, reason: why } = originOf(text);
      if (why !== reason) continue;
      const rule = parseImportLine(text, 0, compile);
      if (rule === undefined) continue;
      const content = contentOf(rule);
      const same = found.get(content);
      if (same === undefined) found.set(content, { scope: rule.scope, ids: [id] });
      else same.ids.push(id);
    }
  }
  return found;
}

function originOf(line: string): { readonly id: number; readonly reason: string } {
  const { object } = parseJsonObject(line);
  const id = object.get("id");
  const reason = object.get("reason");
  if (typeof id !== "number" || typeof reason !== "string") throw unreadable();
  return { id, reason };
}

function idOf(answer: { number(name: string): number | undefined }): { readonly id: number } {
  const id = answer.number("id");
  if (id === undefined) throw unreadable();
  return { id };
}

function unreadable(): AppError {
  return new AppError("unavailable", "The server's answer cannot be read");
}
