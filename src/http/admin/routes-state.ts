/** The routes that show how things stand: keys, verifiers, audit, figures, and all of it live. */
import type { VerificationKey } from "../../core/jwks/verification-key.ts";
import { json } from "./json-answer.ts";
import type { AdminOptions } from "./options.ts";
import { parseRoute, type Route } from "./route.ts";
import {
  AuditShape,
  KeysShape,
  StatsShape,
  StoreCheckShape,
  VerifiersShape,
} from "./answer-schemas.ts";
import { AuditPageQuery, NothingBody } from "./request-schemas.ts";

const DEFAULT_LIMIT = 50;

export function createStateRoutes(options: AdminOptions): readonly Route[] {
  const { keys, rules } = options;
  return [
    parseRoute({
      method: "GET",
      path: "/keys",
      summary: "Key sources and the keys they gave",
      access: "viewer",
      answers: { 200: { description: "Each source", schema: KeysShape } },
      handle: () => json(toKeysView(options)),
    }),
    parseRoute({
      method: "POST",
      path: "/keys/sync",
      summary: "Read every key source now",
      access: "operator",
      answers: { 200: { description: "Each source, as it is afterwards", schema: KeysShape } },
      async handle({ actor }) {
        const entry = {
          action: "keys.sync",
          target: "all",
          reason: undefined,
          outcome: "done",
        } as const;
        await rules.appendAudit({ ...entry, detail: undefined }, actor);
        await keys.syncNow();
        return json(toKeysView(options));
      },
    }),
    parseRoute({
      method: "GET",
      path: "/verifiers",
      summary: "Who verifies tokens, and what each has applied",
      access: "viewer",
      answers: { 200: { description: "Each thread of each HAProxy", schema: VerifiersShape } },
      handle: async () => json(await toVerifiers(options)),
    }),
    parseRoute({
      method: "GET",
      path: "/audit",
      summary: "Who changed what, when, from where and why, newest first",
      access: "viewer",
      query: AuditPageQuery,
      answers: { 200: { description: "A page of the audit", schema: AuditShape } },
      handle: async ({ query }) =>
        json(await rules.listAudit({ ...query, limit: query.limit ?? DEFAULT_LIMIT })),
    }),
    parseRoute({
      method: "POST",
      path: "/store/check",
      summary: "Have SQLite check the whole store; takes seconds, beside everything else",
      access: "admin",
      body: NothingBody,
      answers: { 200: { description: "Its problems; none is sound", schema: StoreCheckShape } },
      handle: async () => json({ problems: await options.checkStore() }),
    }),
    parseRoute({
      method: "GET",
      path: "/stats",
      summary: "Figures of the server: rules, verdicts, health",
      access: "viewer",
      answers: { 200: { description: "The figures now", schema: StatsShape } },
      handle: async () => json(await toStats(options)),
    }),
  ];
}

/** Each verifier, and the newest change that it should have applied. */
export async function toVerifiers({ rules, confirmation }: AdminOptions) {
  const items = confirmation?.verifiers() ?? [];
  // A shared store that is away says nothing of the others; this one's verifiers are known all the same.
  const nodes = await confirmation?.nodes?.().catch(() => undefined);
  return { seq: await rules.seq(), items, ...(nodes === undefined ? {} : { nodes }) };
}

/** What the overview shows. */
export async function toStats(options: AdminOptions) {
  const { rules, index, rates, ready, confirmation, nowSeconds } = options;
  const problems = ready().flatMap(({ name, problem }) =>
    problem === undefined ? [] : [{ name, problem }],
  );
  const verifiers = confirmation?.verifiers() ?? [];
  return {
    version: options.version,
    now: nowSeconds(),
    startedAt: options.startedAtSeconds,
    epoch: index.epoch,
    seq: index.seq,
    ready: problems.length === 0,
    problems,
    rules: await rules.counts(),
    index: index.counts(),
    verdicts: rates.lastHour(),
    verifiers: {
      live: verifiers.filter(({ isLive }) => isLive).length,
      upToDate: verifiers.filter(({ isLive, seq }) => isLive && seq >= index.seq).length,
      known: verifiers.length,
    },
  };
}

/** Each key source with its keys, as far as anybody may see them. */
export function toKeysView({ keys, nowSeconds }: AdminOptions) {
  const now = nowSeconds();
  const items = keys.list().map((source) => ({
    source: source.name,
    kind: source.kind,
    keys: source.keys.map(toKeyView),
    problems: source.problems,
    ageSeconds:
      source.fetchedAtSeconds === undefined
        ? undefined
        : Math.max(0, Math.floor(now - source.fetchedAtSeconds)),
    error: source.error,
    nextInSeconds: Math.ceil(source.nextInMs / 1000),
  }));
  return { items };
}

/** A secret's thumbprint is as good as a hash of it for guessing: only public keys show theirs. */
function toKeyView(key: VerificationKey) {
  const { kid, kty, declaredAlg, algorithms, issuer, thumbprint } = key;
  return {
    kid,
    kty,
    alg: declaredAlg,
    algorithms: [...algorithms],
    issuer,
    thumbprint: kty === "oct" ? undefined : thumbprint,
  };
}
