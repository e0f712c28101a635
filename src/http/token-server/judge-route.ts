/** `POST /`: takes a compact token and answers with its verdict. */
import { parseClaimSelection, type ClaimSelection } from "../../core/token/claim-vars.ts";
import type { Judge } from "../../core/token/judge.ts";
import { refused, type Verdict } from "../../core/token/verdict.ts";
import type { IsVerifier } from "../verifier-key.ts";
import { toPublicJson, toVerifierJson, VERIFIER_TYPE, type JudgedAt } from "./answer.ts";

export interface JudgeRouteOptions {
  readonly judge: Judge;
  readonly isVerifier: IsVerifier;
  /** Read before a token is judged, so that a verdict never claims to know a later change. */
  readonly judgedAt: () => JudgedAt;
  /** Reads the key sources again for an unknown key; true where the ring is another one now. */
  readonly refreshKeys: () => Promise<boolean>;
  /**
   * Told before an answer goes to somebody without a lease who remembers it for so many seconds.
   * Rejects where that cannot be put on record: no verdict goes out then.
   */
  readonly noteMemory: (ttlSeconds: number) => Promise<void> | undefined;
  readonly bodyTimeoutMs: number;
  /** Told of every verdict, with the seconds that judging took. */
  readonly onVerdict: (verdict: Verdict, seconds: number) => void;
  /** Told of a failure inside; the caller gets 500 and no word of it. */
  readonly onFailure: (error: unknown) => void;
}

const TOKEN_TYPES = ["text/plain", "application/jwt"];

/** Makes the handler. */
export function createJudgeRoute(options: JudgeRouteOptions) {
  const selections = new Map<string, ClaimSelection>();
  const selectionOf = (text: string): ClaimSelection => {
    const known = selections.get(text);
    if (known !== undefined) return known;
    const selection = parseClaimSelection(text);
    // HAProxy sends one and the same; anything else is bounded by not being kept.
    if (selections.size < 16) selections.set(text, selection);
    return selection;
  };

  return async (request: Request): Promise<Response> => {
    const { headers } = request;
    const contentType = headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
    if (!TOKEN_TYPES.includes(contentType))
      return plain(415, "Send text/plain or application/jwt.");
    const body = await readToken(request, options);
    if (typeof body === "number") return plain(body, "The token did not arrive whole in time.");
    const ttlSeconds = parseTtl(headers.get("x-jwt-ttl"));
    if (ttlSeconds === undefined)
      return plain(422, "X-Jwt-Ttl is not a number of seconds up to a day.");
    const isTrusted = options.isVerifier(headers.get("authorization"));
    const started = performance.now();
    const judgedAt = options.judgedAt();
    const verifiedWith = isTrusted ? (headers.get("x-jwt-key") ?? undefined) : undefined;
    let verdict: Verdict;
    try {
      verdict = await judgeWithFreshKeys(body, verifiedWith, options);
      if (ttlSeconds > 0) await options.noteMemory(ttlSeconds);
    } catch (error) {
      options.onFailure(error);
      verdict = refused("internal");
    }
    options.onVerdict(verdict, (performance.now() - started) / 1000);
    if (headers.get("accept") !== VERIFIER_TYPE) {
      return json("application/json", toPublicJson(verdict, isTrusted));
    }
    const selection = selectionOf(headers.get("x-jwt-claims") ?? "");
    return json(VERIFIER_TYPE, toVerifierJson(verdict, isTrusted, selection, judgedAt));
  };
}

/** The seconds that the caller remembers the verdict; 0 where it says nothing; undefined for nonsense. */
function parseTtl(text: string | null): number | undefined {
  if (text === null) return 0;
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return seconds <= 86_400 ? seconds : undefined;
}

async function judgeWithFreshKeys(
  token: string,
  verifiedWith: string | undefined,
  options: JudgeRouteOptions,
): Promise<Verdict> {
  const verdict = await options.judge(token, { verifiedWith });
  if (verdict.isValid || verdict.detail !== "unknown_key") return verdict;
  return (await options.refreshKeys()) ? options.judge(token, { verifiedWith }) : verdict;
}

/** The body as text, or the status that answers for it. */
async function readToken(
  request: Request,
  options: Pick<JudgeRouteOptions, "bodyTimeoutMs">,
): Promise<string | 408 | 400> {
  const late = Promise.withResolvers<408>();
  const timer = setTimeout(() => late.resolve(408), options.bodyTimeoutMs);
  try {
    const text = await Promise.race([request.text(), late.promise]);
    return text;
  } catch {
    return 400;
  } finally {
    clearTimeout(timer);
  }
}

function json(type: string, body: string): Response {
  return new Response(body, { headers: { "content-type": type, "cache-control": "no-store" } });
}

function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}
