/** The shapes that the admin API takes and gives, for checking and for its description. */
import { Type } from "@sinclair/typebox";

/** Objects are closed: an unknown member is a refusal, never silently ignored. */
const CLOSED = { additionalProperties: false } as const;

export const Reason = Type.String({
  minLength: 1,
  maxLength: 1000,
  description: "one line of 1 to 1000 characters",
});
export const Subject = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: "the exact value of a subject claim, 1 to 1024 characters",
});
export const Issuer = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: "an exact `iss`; the rule then holds for its tokens only",
});
export const RuleJson = Type.Object(
  {},
  { additionalProperties: true, description: "a rule's JSON object" },
);
export const ExpireAt = Type.Integer({
  minimum: 0,
  description: "whole seconds since 1970, or 0 for never",
});
export const CompactToken = Type.String({
  minLength: 1,
  maxLength: 65_536,
  description: "a compact token of at most 64 KiB",
});
export const Role = Type.Union(
  [Type.Literal("admin"), Type.Literal("operator"), Type.Literal("viewer")],
  { description: "admin, operator or viewer" },
);
export const PersonName = Type.String({
  pattern: "^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$",
  description: "1 to 64 letters, digits and . _ @ + -, a letter or digit first",
});
export const Password = Type.String({
  minLength: 1,
  maxLength: 512,
  description: "a password",
});
export const Cursor = Type.String({ maxLength: 256, description: "the cursor of an earlier page" });
export const Limit = Type.Integer({
  minimum: 1,
  maximum: 200,
  description: "a whole number from 1 to 200",
});
export const Filter = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: "1 to 1024 characters",
});

/** What a change that may wait for its enforcement takes in its query. */
export const WaitQuery = Type.Object(
  {
    wait: Type.Optional(Type.Literal("applied", { description: "applied" })),
    timeout: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 60,
        description: "a whole number of seconds from 0 to 60",
      }),
    ),
  },
  CLOSED,
);

export const NewRuleBody = Type.Object(
  {
    scope: Type.Optional(
      Type.Literal("global", { description: "global, or no scope but a subject" }),
    ),
    subject: Type.Optional(Subject),
    issuer: Type.Optional(Issuer),
    rule: RuleJson,
    expireAt: Type.Optional(ExpireAt),
    reason: Reason,
  },
  CLOSED,
);

/** The everyday intents: exactly one of user, block, token, family, issuedBefore. */
const INTENT_MEMBERS = {
  user: Type.Optional(Subject),
  block: Type.Optional(Subject),
  token: Type.Optional(CompactToken),
  family: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 65_536,
      description: "a refresh token, an access token that one has issued, or the family's id",
    }),
  ),
  issuedBefore: Type.Optional(
    Type.Integer({ minimum: 1, description: "whole seconds since 1970, not in the future" }),
  ),
  subject: Type.Optional(Subject),
  issuer: Type.Optional(Issuer),
} as const;

export const RevocationBody = Type.Object(
  {
    ...INTENT_MEMBERS,
    reason: Reason,
    confirm: Type.Optional(
      Type.Literal("all", { description: "all: a client may say that it has had this typed" }),
    ),
  },
  CLOSED,
);

export const PreviewBody = Type.Object(
  {
    ...INTENT_MEMBERS,
    scope: Type.Optional(
      Type.Literal("global", { description: "global, or no scope but a subject" }),
    ),
    subject: Type.Optional(Subject),
    rule: Type.Optional(RuleJson),
    expireAt: Type.Optional(ExpireAt),
    test: Type.Optional(CompactToken),
  },
  CLOSED,
);

const RULE_FILTERS = {
  scope: Type.Optional(
    Type.Union([Type.Literal("global"), Type.Literal("subject")], {
      description: "global or subject",
    }),
  ),
  subject: Type.Optional(Subject),
  q: Type.Optional(Filter),
  state: Type.Optional(
    Type.Union(
      (["active", "expired", "lifted", "unreadable"] as const).map((state) => Type.Literal(state)),
      { description: "active, expired, lifted or unreadable" },
    ),
  ),
  via: Type.Optional(
    Type.Union(
      (["cli", "page", "api", "import", "server"] as const).map((via) => Type.Literal(via)),
      { description: "cli, page, api, import or server" },
    ),
  ),
  order: Type.Optional(
    Type.Union([Type.Literal("asc"), Type.Literal("desc")], {
      description: "asc for the oldest first, or desc",
    }),
  ),
} as const;

export const RulesQuery = Type.Object(
  {
    ...RULE_FILTERS,
    cursor: Type.Optional(Cursor),
    limit: Type.Optional(Limit),
  },
  CLOSED,
);

export const AuditPageQuery = Type.Object(
  {
    action: Type.Optional(Filter),
    who: Type.Optional(Filter),
    target: Type.Optional(Filter),
    from: Type.Optional(
      Type.Integer({ minimum: 0, description: "whole seconds since 1970: not earlier" }),
    ),
    to: Type.Optional(
      Type.Integer({ minimum: 0, description: "whole seconds since 1970: not later" }),
    ),
    cursor: Type.Optional(Cursor),
    limit: Type.Optional(Limit),
  },
  CLOSED,
);

export const LiftBody = Type.Object({ reason: Reason }, CLOSED);
export const InspectBody = Type.Object({ token: CompactToken }, CLOSED);
export const LoginBody = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 256 }), password: Password },
  CLOSED,
);
export const FirstRunBody = Type.Object(
  {
    secret: Type.String({ minLength: 1, maxLength: 128 }),
    name: PersonName,
    password: Password,
  },
  CLOSED,
);
export const NewPersonBody = Type.Object(
  { name: PersonName, role: Role, password: Password },
  CLOSED,
);
export const RoleBody = Type.Object({ role: Role }, CLOSED);
export const PasswordBody = Type.Object({ password: Password }, CLOSED);
export const NewApiTokenBody = Type.Object(
  {
    name: Type.String({
      pattern: "^[A-Za-z0-9][A-Za-z0-9 ._@/:+-]{0,63}$",
      description: "1 to 64 letters, digits, blanks and . _ @ / : + -, a letter or digit first",
    }),
    role: Role,
  },
  CLOSED,
);

// What is given back, as far as programs may rely on it.

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

export const WrittenShape = Type.Object({
  id: Type.Integer(),
  seq: Type.Integer(),
  applied: Type.Optional(Type.Boolean()),
  pending: Type.Optional(Type.Array(VerifierShape)),
  verifiers: Type.Optional(Type.Array(VerifierShape)),
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

export const OwnPasswordBody = Type.Object({ current: Password, password: Password }, CLOSED);

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
          algorithms: Type.Array(Type.String()),
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

export const VerifiersShape = Type.Object({
  seq: Type.Integer({ description: "the newest change" }),
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
    Type.Object({ start: Time, counts: Type.Record(Type.String(), Type.Integer()) }),
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
  isBroad: Type.Boolean({ description: "whether it is about more than one subject" }),
  seen: Type.Object(
    {
      of: Type.Integer(),
      matched: Type.Integer(),
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
      matches: Type.Boolean({ description: "whether the rule refuses it" }),
      wouldPass: Type.Optional(Type.Boolean()),
    }),
  ),
});

export const ImportQuery = Type.Object(
  {
    ...WaitQuery.properties,
    continue: Type.Optional(
      Type.Literal("true", { description: "true: import what can be, and report the rest" }),
    ),
    source: Type.Optional(
      Type.String({ pattern: "^[\\x20-\\x7e]{1,200}$", description: "what the lines come from" }),
    ),
  },
  CLOSED,
);

export const ExportQuery = Type.Object(RULE_FILTERS, CLOSED);

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
});

export const NothingBody = Type.Object({}, CLOSED);
export const StoreCheckShape = Type.Object({ problems: Type.Array(Type.String()) });
