/** `POST /`: takes a compact token and answers with its verdict. */
import { parseClaimSelection, type ClaimSelection } from "../../core/token/claim-vars.ts";
import type { Judge } from "../../core/token/judge.ts";
import { refused, type Verdict } from "../../core/token/verdict.ts";
import type { BodyReader } from "../body-reader.ts";
import type { IsVerifier } from "../verifier-key.ts";
import { toPublicJson, toVerifierJson, VERIFIER_TYPE, type JudgedAt } from "./answer.ts";
import { toVerifier } from "./to-verifier.ts";

export interface JudgeRouteOptions {
  readonly judge: Judge;
  readonly isVerifier: IsVerifier;
  /** Read before a token is judged, so that a verdict never claims to know a later change. */
  readonly judgedAt: () => JudgedAt;
  /** Reads the key sources again for an unknown key; true where the ring is another one now. */
  readonly refreshKeys: () => Promise<boolean>;
  /** Where another thread answers what this one cannot: unknown keys, and all while it is not up to date. */
  readonly elsewhere?: Elsewhere | undefined;
  /**
   * Told before a valid verdict goes to somebody without a lease who remembers it for so many seconds,
   * with what it was judged at: by then another history may have begun.
   * Rejects where that cannot be put on record: no verdict goes out then.
   */
  readonly noteMemory: (ttlSeconds: number, judgedAt: JudgedAt) => Promise<void> | undefined;
  readonly bodies: BodyReader;
  /** Told of every verdict, with the seconds that judging took and which way the token went. */
  readonly onVerdict: (verdict: Verdict, seconds: number, path: JudgingPath) => void;
  /** Told of a failure inside; the caller learns only that there was one. */
  readonly onFailure: (error: unknown) => void;
}

/** The thread that can always answer. */
export interface Elsewhere {
  /** Asked before a token is judged here. */
  readonly isNeeded: (ttlSeconds: number) => boolean;
  readonly ask: (token: string, headers: Headers) => Promise<Response>;
}

/** Where a token's signature was verified, or that it was decrypted first. */
export type JudgingPath = "server" | "haproxy" | "jwe";

/**
 * Whoever remembers without a lease puts every confirmation off for that long, also over a restart; who
 * has a lease does not. HAProxy's side asks for no more (lua/verify-jwt/memory.lua).
 */
const MAX_TTL_SECONDS = 300;

/** What a caller said beside the token. */
interface Question {
  readonly isTrusted: boolean;
  readonly wantsVerifierForm: boolean;
  readonly claims: string;
  readonly verifiedWith: string | undefined;
  readonly ttlSeconds: number;
  readonly wantsEncodedBody: boolean;
  /** The number it has for its asker. */
  readonly number: string | undefined;
}

/** Makes the handler. A JWS is answered in the turn in which its body arrived. */
export function createJudgeRoute(options: JudgeRouteOptions) {
  const selectionOf = createSelections();

  const answer = (verdict: Verdict, question: Question, judgedAt: JudgedAt): Response => {
    const { isTrusted } = question;
    if (!question.wantsVerifierForm) {
      return json(toPublicJson(verdict, isTrusted));
    }
    const selection = selectionOf(question.claims);
    return toVerifier(
      VERIFIER_TYPE,
      toVerifierJson(verdict, isTrusted, selection, judgedAt, question),
    );
  };

  const decide = (
    token: string,
    question: Question,
    headers: Headers,
  ): Response | Promise<Response> => {
    const { elsewhere } = options;
    if (elsewhere?.isNeeded(question.ttlSeconds) === true) return elsewhere.ask(token, headers);
    const started = performance.now();
    const { verifiedWith, ttlSeconds } = question;
    let judgedAt = options.judgedAt();
    const finish = (verdict: Verdict): Response => {
      const seconds = (performance.now() - started) / 1000;
      options.onVerdict(verdict, seconds, pathOf(token, verifiedWith));
      return answer(verdict, question, judgedAt);
    };
    const fail = (error: unknown): Response => {
      options.onFailure(error);
      return finish(refused("internal"));
    };
    const judgeAgain = (): Verdict | Promise<Verdict> => {
      judgedAt = options.judgedAt();
      return options.judge(token, { verifiedWith });
    };
    const judge = (): Verdict | Promise<Verdict> => {
      const verdict = options.judge(token, { verifiedWith });
      if (!(verdict instanceof Promise) && !isUnknownKey(verdict)) return verdict;
      return settle(verdict, options.refreshKeys, judgeAgain);
    };
    // Only what is valid: a stranger's junk must not put confirmations off.
    const note = (verdict: Verdict, isSameTurn: boolean): Verdict | Promise<Verdict> => {
      if (ttlSeconds === 0 || !verdict.isValid) return verdict;
      const noted = options.noteMemory(ttlSeconds, judgedAt);
      if (noted === undefined && isSameTurn) return verdict;
      // Judged again: what changed before it was on record is confirmed without waiting for it.
      return Promise.resolve(noted).then(() => {
        judgedAt = options.judgedAt();
        return judge();
      });
    };
    try {
      const verdict = judge();
      const noted =
        verdict instanceof Promise
          ? verdict.then((late) => note(late, false))
          : note(verdict, true);
      return noted instanceof Promise ? noted.then(finish, fail) : finish(noted);
    } catch (error) {
      return fail(error);
    }
  };

  return (request: Request): Response | Promise<Response> => {
    const question = parseQuestion(request.headers, options.isVerifier);
    if (question instanceof Response) return question;
    return options.bodies
      .read(request)
      .then((body) =>
        typeof body === "string"
          ? decide(body, question, request.headers)
          : plain(body, "The token did not arrive whole in time."),
      );
  };
}

/** Waits for what a verdict still needs: decryption, keys that may be there by now. */
async function settle(
  pending: Verdict | Promise<Verdict>,
  refreshKeys: () => Promise<boolean>,
  judgeAgain: () => Verdict | Promise<Verdict>,
): Promise<Verdict> {
  const verdict = await pending;
  return isUnknownKey(verdict) && (await refreshKeys()) ? judgeAgain() : verdict;
}

/** By the count of dots: four make a JWE (RFC 7516 §3.1). */
function pathOf(token: string, verifiedWith: string | undefined): JudgingPath {
  if (verifiedWith !== undefined) return "haproxy";
  let dots = 0;
  for (let at = token.indexOf("."); at !== -1 && dots < 4; at = token.indexOf(".", at + 1)) dots++;
  return dots === 4 ? "jwe" : "server";
}

function isUnknownKey(verdict: Verdict): boolean {
  return !verdict.isValid && verdict.detail === "unknown_key";
}

function parseQuestion(headers: Headers, isVerifier: IsVerifier): Question | Response {
  const contentType = headers.get("content-type") ?? "";
  if (contentType !== "application/jwt" && !isTokenType(contentType)) {
    return plain(415, "Send text/plain or application/jwt.");
  }
  const ttlSeconds = parseTtl(headers.get("x-jwt-ttl"));
  if (ttlSeconds === undefined)
    return plain(422, `X-Jwt-Ttl is not a number of seconds up to ${MAX_TTL_SECONDS}.`);
  const isTrusted = isVerifier(headers.get("authorization"));
  return {
    isTrusted,
    wantsVerifierForm: headers.get("accept") === VERIFIER_TYPE,
    claims: headers.get("x-jwt-claims") ?? "",
    wantsEncodedBody: headers.get("x-jwt-body") === "base64url",
    verifiedWith: isTrusted ? (headers.get("x-jwt-key") ?? undefined) : undefined,
    ttlSeconds,
    number: /^\d{1,15}$/.exec(headers.get("x-jwt-question") ?? "")?.[0],
  };
}

function isTokenType(contentType: string): boolean {
  const type = contentType.split(";", 1)[0]?.trim().toLowerCase();
  return type === "text/plain" || type === "application/jwt";
}

/** The seconds that the caller remembers the verdict; 0 where it says nothing; undefined for nonsense. */
function parseTtl(text: string | null): number | undefined {
  if (text === null) return 0;
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return seconds <= MAX_TTL_SECONDS ? seconds : undefined;
}

/** Remembers the few selections that HAProxy's side sends over and over. */
function createSelections(): (text: string) => ClaimSelection {
  const known = new Map<string, ClaimSelection>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    // A header's characters are bytes, as they came; claims are named in UTF-8.
    const selection = parseClaimSelection(Buffer.from(text, "latin1").toString("utf8"));
    if (known.size < 16) known.set(text, selection);
    return selection;
  };
}

function json(body: string): Response {
  return new Response(body, {
    headers: { "content-type": "application/json", "cache-control": "no-store" },
  });
}

function plain(status: number, text: string): Response {
  const headers = new Headers({ "content-type": "text/plain; charset=utf-8" });
  // Whoever drips may go on for as long as he likes; the connection need not.
  if (status === 408) headers.set("connection", "close");
  return new Response(`${text}\n`, { status, headers });
}
