/** The route that judges, on a clock that stands, before a judge that says what it is told. */
import { afterAll, beforeAll, beforeEach, expect } from "bun:test";
import type { Judge, JudgeOptions } from "../../../src/core/token/judge.ts";
import type { Verdict } from "../../../src/core/token/verdict.ts";
import { type BodyReader, createBodyReader } from "../../../src/http/body-reader.ts";
import { VERIFIER_TYPE } from "../../../src/http/token-server/answer.ts";
import {
  createJudgeRoute,
  type JudgeRouteOptions,
} from "../../../src/http/token-server/judge-route.ts";
import { createIsVerifier } from "../../../src/http/verifier-key.ts";
import { parseJsonObject } from "../../../src/core/json-parse.ts";

export const KEY = "0123456789abcdef";
export const ACCEPTED = {
  isValid: true,
  untilSeconds: 5,
  token: {
    claimsText: '{"sub":"bob"}',
    claims: parseJsonObject('{"sub":"bob"}'),
    isStateless: true,
    subjects: ["bob"],
    issuer: undefined,
    jweHeaderText: undefined,
    alg: "RS256",
    kid: undefined,
    keyThumbprint: "t",
    keySource: "s",
  },
} satisfies Verdict;

/** A body has two seconds of it. */
export const clock = { ms: 0 };
let bodies: BodyReader;

interface Asked {
  readonly token: string;
  readonly options: JudgeOptions;
}

export const asked: Asked[] = [];
export const failures: unknown[] = [];
export const verdicts: Verdict[] = [];

/** Has each test of a file begin with nothing asked. */
export function beginEachAnew(): void {
  beforeAll(() => {
    bodies = createBodyReader(2000, () => clock.ms);
  });
  beforeEach(() => {
    clock.ms = 0;
    for (const list of [asked, failures, verdicts]) list.length = 0;
  });
  afterAll(() => bodies.close());
}

export function createRoute(more: Partial<JudgeRouteOptions> = {}, verdict: Verdict = ACCEPTED) {
  const judge: Judge = (token, options = {}) => {
    asked.push({ token, options });
    return verdict;
  };
  return createJudgeRoute({
    judge,
    isVerifier: createIsVerifier([KEY]),
    judgedAt: () => ({ seq: 12, epoch: "e" }),
    refreshKeys: async () => false,
    noteMemory: () => undefined,
    bodies,
    onVerdict: (one) => verdicts.push(one),
    onFailure: (error) => failures.push(error),
    ...more,
  });
}

export function post(headers: Record<string, string> = {}, body: BodyInit = "a.b.c"): Request {
  return new Request("http://localhost/", {
    method: "POST",
    headers: { "content-type": "application/jwt", ...headers },
    body,
  });
}

export const TRUSTED = { authorization: `Bearer ${KEY}` };
export const FOR_VERIFIERS = { accept: VERIFIER_TYPE };

export async function json(
  response: Response | Promise<Response>,
): Promise<Record<string, unknown>> {
  const settled = await response;
  expect(settled.status).toBe(200);
  return (await settled.json()) as Record<string, unknown>;
}
