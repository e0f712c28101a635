/** Reads an intent from a request: which one it is, and what the pasted token says. */
import { AppError } from "../../core/app-error.ts";
import type { JsonObject } from "../../core/json.ts";
import {
  allIntent,
  blockIntent,
  familyIdIntent,
  familyIntent,
  tokenIntent,
  userIntent,
  type Intent,
  type IntentTimes,
  type TokenFacts,
} from "../../core/revocation/intents.ts";
import { tokenDigest } from "../../core/revocation/token-digest.ts";
import { subjectsOf } from "../../core/token/claims.ts";
import { isMeantAsToken, parseCompact } from "../../core/token/compact.ts";
import { policyFor } from "../../core/token/policy.ts";
import type { AdminOptions } from "./options.ts";
import { explainVerdict } from "./verdict-words.ts";

/** The members of a body that name an intent. */
export interface IntentBody {
  readonly user?: string;
  readonly block?: string;
  readonly token?: string;
  readonly family?: string;
  readonly subject?: string;
  readonly issuer?: string | null;
  readonly issuedBefore?: number | "now";
}

type Sources = Pick<AdminOptions, "judge" | "policies" | "nowSeconds">;

const KINDS = ["user", "block", "token", "family", "issuedBefore"] as const;
const MAX_TOKEN_BYTES = 65_536;

/** Tells whether a body names an intent at all. */
export function hasIntent(body: IntentBody): boolean {
  return KINDS.some((kind) => body[kind] !== undefined);
}

/** Works an intent out. @throws AppError invalid where it is not exactly one, or names no token of ours */
export async function parseIntent(body: IntentBody, sources: Sources): Promise<Intent> {
  const kinds = KINDS.filter((kind) => body[kind] !== undefined);
  if (kinds.length !== 1) {
    throw new AppError("invalid", "What is meant is not clear", {
      path: kinds.length === 0 ? "" : `/${kinds[1] ?? ""}`,
      expected: `exactly one of ${KINDS.join(", ")}`,
    });
  }
  const { user, block, token, family, issuedBefore, subject } = body;
  const issuer = body.issuer ?? undefined;
  const times = timesOf(issuer, sources);
  if (user !== undefined) return userIntent(user, issuer, times);
  if (block !== undefined) return blockIntent(block, issuer);
  if (token !== undefined) {
    const facts = await factsOf(token, "/token", sources);
    return tokenIntent(facts, timesOf(facts.issuer, sources));
  }
  if (family !== undefined && !isMeantAsToken(family)) {
    return familyIdIntent(family, subject, issuer);
  }
  if (family !== undefined) {
    const facts = await factsOf(family, "/family", sources);
    return familyIntent(facts, timesOf(facts.issuer, sources));
  }
  return allIntent(issuedBefore === "now" ? "now" : checkMoment(issuedBefore ?? 0, times), times);
}

function timesOf(issuer: string | undefined, { policies, nowSeconds }: Sources): IntentTimes {
  const { clockSkew, maxTokenAge } = policyFor(policies(), issuer);
  return { nowSeconds: nowSeconds(), skewSeconds: clockSkew, maxTokenAgeSeconds: maxTokenAge };
}

/** A moment that is still to come would refuse tokens that are not there yet: not what anybody means. */
function checkMoment(issuedBefore: number, { nowSeconds, skewSeconds }: IntentTimes): number {
  if (issuedBefore <= nowSeconds + skewSeconds) return issuedBefore;
  throw new AppError("invalid", "The moment lies in the future", {
    path: "/issuedBefore",
    expected: "whole seconds since 1970, not in the future",
  });
}

/**
 * What a pasted token says. It has to be authentic: a forged one would revoke whom its forger chose.
 * Where its key is not known just now, its own word is taken; the rule then names what it says.
 */
async function factsOf(token: string, path: string, sources: Sources): Promise<TokenFacts> {
  const trimmed = token.trim();
  const verdict = await sources.judge(trimmed);
  if (verdict.token !== undefined) {
    const { claims, claimsText, subjects, issuer } = verdict.token;
    return { claims: claims.object, subjects, issuer, digest: tokenDigest(claimsText) };
  }
  const isUnknown = !verdict.isValid && verdict.detail === "unknown_key";
  const facts = isUnknown ? readUnverified(trimmed, sources) : undefined;
  if (facts !== undefined) return facts;
  const why = explainVerdict(verdict, sources.nowSeconds());
  throw new AppError("invalid", `Nothing was revoked, because the token is not authentic. ${why}`, {
    path,
    expected: "a token as its issuer made it",
  });
}

function readUnverified(token: string, sources: Sources): TokenFacts | undefined {
  const compact = parseCompact(token, MAX_TOKEN_BYTES);
  if (typeof compact === "string" || compact.kind !== "jws") return undefined;
  if (compact.claims === undefined) return undefined;
  const { text, parsed } = compact.claims;
  const claims: JsonObject = parsed.object;
  const iss = claims.get("iss");
  const issuer = typeof iss === "string" ? iss : undefined;
  const { subjectClaims } = policyFor(sources.policies(), issuer);
  const digest = tokenDigest(text);
  return { claims, subjects: subjectsOf(claims, subjectClaims), issuer, digest };
}
