/** The shapes that the admin API gives, as far as programs may rely on them. */
import { Type } from "@sinclair/typebox";
import { Role } from "./request-schemas.ts";

const Time = Type.Integer({ description: "whole seconds since 1970" });

const ActorShape = Type.Object({
  who: Type.String(),
  via: Type.String(),
  from: Type.String(),
});

export const VerifierShape = Type.Object({
  id: Type.String(),
  name: Type.String(),
  state: Type.String({ description: "applied, fenced, pending or unconfirmed" }),
  ms: Type.Optional(Type.Number()),
});

const ConfirmedNodeShape = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    state: Type.String({ description: "applied, fenced, pending or unconfirmed" }),
    verifiers: Type.Array(VerifierShape),
  },
  { description: "a machine that shares the store" },
);

export const WrittenShape = Type.Object({
  id: Type.Integer(),
  seq: Type.Integer(),
  applied: Type.Optional(Type.Boolean()),
  pending: Type.Optional(Type.Array(VerifierShape)),
  verifiers: Type.Optional(Type.Array(VerifierShape)),
  nodes: Type.Optional(Type.Array(ConfirmedNodeShape)),
  ms: Type.Optional(Type.Number({ description: "milliseconds that were waited" })),
  words: Type.Optional(Type.String()),
});

export const RuleShape = Type.Object({
  id: Type.Integer(),
  scope: Type.String({ description: "global or subject" }),
  subject: Type.Optional(Type.String()),
  issuer: Type.Optional(Type.String()),
  rule: Type.Unknown({ description: "the rule's JSON; a text where this version cannot read it" }),
  words: Type.String(),
  expireAt: Time,
  reason: Type.String(),
  state: Type.String(),
  addedAt: Time,
  addedBy: ActorShape,
  lifted: Type.Optional(Type.Object({ at: Time, by: ActorShape, reason: Type.String() })),
  seq: Type.Integer(),
});

export const RulesShape = Type.Object({
  items: Type.Array(RuleShape),
  cursor: Type.Optional(Type.String()),
});

export const ProblemShape = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
  path: Type.Optional(
    Type.String({ description: "JSON Pointer (RFC 6901) to the member that was wrong" }),
  ),
  expected: Type.Optional(Type.String()),
});

export const SessionShape = Type.Object({
  name: Type.String(),
  role: Role,
  kind: Type.Optional(Type.String({ description: "session, token or control" })),
  idleSeconds: Type.Optional(Type.Integer()),
  absoluteSeconds: Type.Optional(Type.Integer()),
});

export const SessionsShape = Type.Object({
  items: Type.Array(
    Type.Object({
      id: Type.Integer(),
      createdAt: Time,
      lastSeenAt: Time,
      from: Type.String(),
      isThis: Type.Boolean(),
    }),
  ),
});

export const PersonShape = Type.Object({
  name: Type.String(),
  role: Role,
  createdAt: Type.Optional(Time),
  passwordChangedAt: Type.Optional(Time),
});

export const PeopleShape = Type.Object({ items: Type.Array(PersonShape) });

export const ApiTokenShape = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  role: Role,
  createdAt: Time,
  createdBy: Type.String(),
  revokedAt: Type.Optional(Time),
  lastUsedAt: Type.Optional(Time),
  token: Type.Optional(Type.String({ description: "only in the answer that made it" })),
});

export const ApiTokensShape = Type.Object({ items: Type.Array(ApiTokenShape) });

export const VerdictShape = Type.Object({
  valid: Type.Boolean(),
  reason: Type.String({ description: "ok, or the code that x-tkn-reason carries" }),
  detail: Type.Optional(Type.String()),
  words: Type.String(),
  until: Type.Optional(Time),
  rule: Type.Optional(RuleShape),
  key: Type.Optional(
    Type.Object({
      alg: Type.String(),
      kid: Type.Optional(Type.String()),
      source: Type.Optional(Type.String()),
    }),
  ),
  generation: Type.Optional(Type.String()),
  subjects: Type.Optional(Type.Array(Type.String())),
  issuer: Type.Optional(Type.String()),
  claims: Type.Optional(Type.Object({}, { description: "exactly as signed" })),
  header: Type.Optional(Type.Object({}, { description: "the protected header of a JWE" })),
  claimsHidden: Type.Optional(Type.Boolean({ description: "a JWE's claims, for operators only" })),
});

export const KeysShape = Type.Object({
  items: Type.Array(
    Type.Object({
      source: Type.String(),
      kind: Type.String(),
      keys: Type.Array(
        Type.Object({
          kid: Type.Optional(Type.String()),
          kty: Type.String(),
          alg: Type.Optional(Type.String({ description: "as the key itself declares it" })),
          algorithms: Type.Array(Type.String(), { description: "what it may verify" }),
          issuer: Type.Optional(Type.String()),
          thumbprint: Type.Optional(Type.String({ description: "RFC 7638; public keys only" })),
        }),
      ),
      problems: Type.Array(Type.String()),
      ageSeconds: Type.Optional(Type.Integer()),
      error: Type.Optional(Type.String()),
      nextInSeconds: Type.Integer(),
    }),
  ),
});

const NodeShape = Type.Object({
  id: Type.String({ description: "of this life: a restarted machine has another one" }),
  name: Type.String(),
  version: Type.String(),
  isThis: Type.Boolean({ description: "whether it is the one that answers" }),
  isStrict: Type.Boolean({ description: "false: it goes on judging without a lease" }),
  seq: Type.Integer({ description: "what it has applied; -1 for nothing of this history" }),
  confirmedSeq: Type.Integer({ description: "what all who ask it enforce; -1 for not known" }),
  behind: Type.Integer({ description: "changes that it has still to apply" }),
  hasLease: Type.Boolean(),
  leaseLeftMs: Type.Number(),
  silentForMs: Type.Number({ description: "since it renewed its lease" }),
  startedAtMs: Type.Number(),
  verifiers: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      seq: Type.Integer(),
      isLive: Type.Boolean(),
      staleSeconds: Type.Number(),
    }),
  ),
});

export const NodesShape = Type.Object({ items: Type.Array(NodeShape) });

export const VerifiersShape = Type.Object({
  seq: Type.Integer({ description: "the newest change" }),
  nodes: Type.Optional(Type.Array(NodeShape, { description: "with a shared store: each machine" })),
  items: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      seq: Type.Integer({ description: "what it has applied; -1 for nothing yet" }),
      isLive: Type.Boolean(),
      lastContactMs: Type.Number(),
      silentForMs: Type.Number(),
      staleSeconds: Type.Number(),
      version: Type.Optional(Type.String()),
      entries: Type.Integer(),
      lastLatencyMs: Type.Optional(Type.Number()),
    }),
  ),
});

export const AuditShape = Type.Object({
  items: Type.Array(
    Type.Object({
      id: Type.Integer(),
      atMs: Type.Integer({ description: "milliseconds since 1970, UTC" }),
      actor: ActorShape,
      action: Type.String(),
      target: Type.String(),
      reason: Type.Optional(Type.String()),
      outcome: Type.String({ description: "done or refused" }),
      detail: Type.Optional(Type.String()),
      subject: Type.Optional(Type.String({ description: "whose tokens the rule is about" })),
    }),
  ),
  cursor: Type.Optional(Type.String()),
});

export const StatsShape = Type.Object({
  version: Type.String(),
  now: Type.Number(),
  startedAt: Type.Number(),
  epoch: Type.String(),
  seq: Type.Integer(),
  ready: Type.Boolean(),
  problems: Type.Array(Type.Object({ name: Type.String(), problem: Type.String() })),
  rules: Type.Record(Type.String(), Type.Integer()),
  index: Type.Record(Type.String(), Type.Integer()),
  verdicts: Type.Array(
    Type.Object(
      {
        start: Time,
        counts: Type.Record(Type.String(), Type.Integer(), {
          description: "judged by this server, by reason",
        }),
        remembered: Type.Integer({ description: "answered by HAProxy from its memory" }),
      },
      { description: "a minute of the last hour" },
    ),
  ),
  verifiers: Type.Object({ live: Type.Integer(), upToDate: Type.Integer(), known: Type.Integer() }),
});

export const PreviewShape = Type.Object({
  words: Type.String({ description: "what the rule does" }),
  scope: Type.String(),
  subject: Type.Optional(Type.String()),
  issuer: Type.Optional(Type.String()),
  rule: Type.Unknown(),
  expireAt: Time,
  aheadSeconds: Type.Optional(
    Type.Integer({
      description:
        "of a rule until now, which is when it is written: for so long after, tokens may be refused too",
    }),
  ),
  isBroad: Type.Boolean({ description: "whether it is about more than one subject" }),
  seen: Type.Object(
    {
      of: Type.Integer({ description: "looked at" }),
      matched: Type.Integer(),
      notLookedAt: Type.Integer({ description: "for want of time" }),
      leftOut: Type.Integer({ description: "JWEs, whose claims are for operators only" }),
      subjects: Type.Array(Type.String()),
      subjectCount: Type.Integer(),
      unknownClaims: Type.Array(Type.String()),
      since: Type.Optional(Time),
    },
    { description: "a sample of the tokens accepted within the last hour" },
  ),
  test: Type.Optional(
    Type.Object({
      isValid: Type.Boolean({ description: "whether the token passes now" }),
      words: Type.String(),
      matches: Type.Optional(Type.Boolean({ description: "whether the rule refuses it" })),
      wouldPass: Type.Optional(Type.Boolean()),
      claimsHidden: Type.Optional(
        Type.Boolean({ description: "a JWE's claims, for operators only: no matches then" }),
      ),
    }),
  ),
});

export const ImportedShape = Type.Object({
  added: Type.Integer(),
  expired: Type.Integer({ description: "rules whose time was over, left out" }),
  refused: Type.Integer(),
  problems: Type.Array(
    Type.Object({
      line: Type.Integer(),
      title: Type.String(),
      path: Type.Optional(Type.String()),
      expected: Type.Optional(Type.String()),
    }),
    { description: "the first hundred" },
  ),
  seq: Type.Optional(Type.Integer()),
  applied: Type.Optional(Type.Boolean()),
  pending: Type.Optional(Type.Array(VerifierShape)),
  verifiers: Type.Optional(Type.Array(VerifierShape)),
  nodes: Type.Optional(Type.Array(ConfirmedNodeShape)),
  ms: Type.Optional(Type.Number()),
});

export const StoreCheckShape = Type.Object({ problems: Type.Array(Type.String()) });
