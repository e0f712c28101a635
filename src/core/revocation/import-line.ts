/** Rules as JSON lines: how an export writes them, and what an import reads, the seed's sets included. */
import { AppError } from "../app-error.ts";
import { JsonSyntaxError, parseJsonObject } from "../json-parse.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { isJsonObject, jsonText } from "./json-text.ts";
import { checkNewRule } from "./new-rule.ts";
import { parseRule } from "./parse-rule.ts";
import type { CompilePattern } from "./pattern.ts";
import { parseSeedKey, parseSeedRule, parseSeedScore } from "./seed-rule.ts";
import { MAX_RULE_BYTES } from "./rule.ts";
import type { NewRule, RuleScope, StoredRule } from "./store.ts";

/** Bytes a line may have: a rule and all that stands beside it, each character escaped. */
export const MAX_LINE_LENGTH = MAX_RULE_BYTES * 7;

const SEED_REASON = "imported from the seed's sets";

/** What an export adds for the reader; an import knows the names and leaves them alone. */
const TOLD: ReadonlySet<string> = new Set(["id", "state", "addedAt", "addedBy"]);
const OURS: ReadonlySet<string> = new Set([
  "scope",
  "subject",
  "issuer",
  "rule",
  "expireAt",
  "reason",
]);

/**
 * One line of a file: `{"scope":"global","rule":{…},"expireAt":0,"reason":"…"}`, with `subject` (and
 * `issuer`) instead of the scope for a rule of one subject; or one member of a seed's set:
 * `{"key":"{ms-users}jwt-rules:bob","member":"{…}","score":0}`.
 *
 * @returns undefined for a rule whose time is over: there is nothing to import
 * @throws AppError invalid, with the place in the line
 */
export function parseImportLine(
  text: string,
  nowSeconds: number,
  compile: CompilePattern,
): NewRule | undefined {
  const line = parseLine(text);
  if (!line.has("member")) return checked(parseOwnLine(line, compile), nowSeconds);
  const score = line.get("score") ?? 0;
  const member: SeedMember = {
    scope: parseSeedKey(parseText(line.get("key"), "/key")),
    text: parseText(line.get("member"), "/member"),
    // Redis writes scores as texts.
    score: typeof score === "string" && score !== "" ? Number(score) : parseNumber(score, "/score"),
    reason: SEED_REASON,
  };
  return parseSeedMember(member, nowSeconds, compile);
}

/** A member of one of the seed's sorted sets. */
export interface SeedMember {
  readonly scope: RuleScope;
  /** The rule's JSON. */
  readonly text: string;
  /** Seconds since 1970 until when it holds; 0 = without end. */
  readonly score: number;
  /** What the history is to say. */
  readonly reason: string;
}

/**
 * The rule that a member is.
 *
 * @returns undefined for one whose time is over
 * @throws AppError invalid, with the place: `/member/…`, `/score`
 */
export function parseSeedMember(
  { scope, text, score, reason }: SeedMember,
  nowSeconds: number,
  compile: CompilePattern,
): NewRule | undefined {
  const rule = inside("/member", () => parseSeedRule(parseObject(text, ""), compile));
  return checked({ scope, rule, expireAt: parseSeedScore(score), reason }, nowSeconds);
}

function checked(rule: NewRule, nowSeconds: number): NewRule | undefined {
  if (rule.expireAt > 0 && rule.expireAt <= nowSeconds) return undefined;
  checkNewRule(rule, nowSeconds);
  return rule;
}

/** The members that a line of ours has in any case. */
function ruleMembers(
  scope: RuleScope,
  text: string,
  expireAt: number,
  reason: string,
): readonly string[] {
  const members: string[] = [];
  if (scope.kind === "global") members.push('"scope":"global"');
  else members.push(`"subject":${JSON.stringify(scope.subject)}`);
  if (scope.kind === "subject" && scope.issuer !== undefined) {
    members.push(`"issuer":${JSON.stringify(scope.issuer)}`);
  }
  members.push(`"rule":${text}`, `"expireAt":${expireAt}`, `"reason":${JSON.stringify(reason)}`);
  return members;
}

/** A rule that is not written yet, as a line that `parseImportLine` reads, and `POST /rules` takes. */
export function toRuleLine({ scope, rule, expireAt, reason }: NewRule): string {
  return `{${ruleMembers(scope, rule.text, expireAt, reason).join(",")}}`;
}

/** The line that `parseImportLine` reads back as the same rule; without its line end. */
export function toExportLine(stored: StoredRule): string {
  const members = [
    `"id":${stored.id}`,
    ...ruleMembers(stored.scope, stored.text, stored.expireAt, stored.reason),
    `"addedAt":${stored.addedAt}`,
    `"addedBy":${JSON.stringify(stored.addedBy.who)}`,
  ];
  return `{${members.join(",")}}`;
}

function parseLine(text: string): JsonObject {
  if (text.length > MAX_LINE_LENGTH) {
    throw refused("", "the line is too long", `at most ${MAX_LINE_LENGTH} characters`);
  }
  return parseObject(text, "");
}

function parseObject(text: string, path: string): JsonObject {
  try {
    return parseJsonObject(text).object;
  } catch (cause) {
    if (!(cause instanceof JsonSyntaxError)) throw cause;
    throw new AppError("invalid", `not a JSON object: ${cause.message}`, {
      cause,
      path,
      expected: "a JSON object in which no name occurs twice",
    });
  }
}

function parseOwnLine(line: JsonObject, compile: CompilePattern): NewRule {
  for (const name of line.keys()) {
    if (!OURS.has(name) && !TOLD.has(name)) {
      throw refused(`/${name}`, "unknown member", [...OURS].join(", "));
    }
  }
  const rule = line.get("rule");
  if (!isJsonObject(rule)) throw refused("/rule", "no rule", "a JSON object");
  return {
    scope: parseScope(line),
    rule: inside("/rule", () => parseRule(rule, compile)),
    expireAt: parseNumber(line.get("expireAt") ?? 0, "/expireAt"),
    reason: parseText(line.get("reason"), "/reason"),
  };
}

function parseScope(line: JsonObject): RuleScope {
  const scope = line.get("scope");
  const subject = line.get("subject");
  const issuer = line.get("issuer");
  if (scope === "global" && subject === undefined && issuer === undefined)
    return { kind: "global" };
  if ((scope === undefined || scope === "subject") && typeof subject === "string") {
    return {
      kind: "subject",
      subject,
      issuer: issuer === undefined ? undefined : parseText(issuer, "/issuer"),
    };
  }
  throw refused("/scope", "whom the rule is for is not clear", '"global", or a subject instead');
}

/** Puts a refusal's place inside the line. */
function inside<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, expected } = error;
    throw new AppError(code, message, {
      cause: error,
      path: path + (error.path ?? ""),
      ...(expected === undefined ? {} : { expected }),
    });
  }
}

function parseText(value: JsonValue | undefined, path: string): string {
  if (typeof value === "string") return value;
  throw refused(path, "not a text", "a string");
}

function parseNumber(value: JsonValue, path: string): number {
  if (typeof value === "number") return value;
  throw refused(path, `not a number: ${jsonText(value).slice(0, 20)}`, "a number");
}

function refused(path: string, problem: string, expected: string): AppError {
  return new AppError("invalid", `at ${path}: ${problem}; expected ${expected}`, {
    path,
    expected,
  });
}
