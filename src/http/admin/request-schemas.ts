/** The shapes that the admin API takes, checked before a route is called. */
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

/** As a rule without an issuer may be written, too. */
const IssuerOrNull = Type.Union([Issuer, Type.Null()], {
  description: `${Issuer.description ?? ""}; null: any issuer's`,
});

const Scope = Type.Union([Type.Literal("global"), Type.Literal("subject")], {
  description: "global, or subject beside a `subject`, where it may be left out",
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
    scope: Type.Optional(Scope),
    subject: Type.Optional(Subject),
    issuer: Type.Optional(IssuerOrNull),
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
    Type.Union([Type.Integer({ minimum: 1 }), Type.Literal("now")], {
      description:
        "whole seconds since 1970, not in the future; or now, the server's, and the skew beyond it",
    }),
  ),
  subject: Type.Optional(Subject),
  issuer: Type.Optional(IssuerOrNull),
} as const;

const Confirm = Type.Literal("all", {
  description: "all: a client may say that it has had this typed",
});

export const RevocationBody = Type.Object(
  {
    ...INTENT_MEMBERS,
    reason: Reason,
    confirm: Type.Optional(Confirm),
  },
  CLOSED,
);

/** What would be written, as it would be sent, and a token to try it on. */
export const PreviewBody = Type.Object(
  {
    ...INTENT_MEMBERS,
    scope: Type.Optional(Scope),
    rule: Type.Optional(RuleJson),
    expireAt: Type.Optional(ExpireAt),
    reason: Type.Optional(Reason),
    confirm: Type.Optional(Confirm),
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
  sort: Type.Optional(
    Type.Union([Type.Literal("written"), Type.Literal("end")], {
      description: "by when it was written, or by its end",
    }),
  ),
  order: Type.Optional(
    Type.Union([Type.Literal("asc"), Type.Literal("desc")], {
      description: "asc for the earliest first, or desc",
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
    rule: Type.Optional(
      Type.Integer({ minimum: 1, description: "a rule's number, in the place of `target`" }),
    ),
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

/** Many clients send no body with DELETE: the reason may stand in the query (`LiftQuery`). */
export const OptionalLiftBody = Type.Object({ reason: Type.Optional(Reason) }, CLOSED);

export const LiftQuery = Type.Object(
  { ...WaitQuery.properties, reason: Type.Optional(Reason) },
  CLOSED,
);

export const InspectBody = Type.Object({ token: CompactToken }, CLOSED);

export const LoginBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 256, description: "the name to log in with" }),
    password: Password,
  },
  CLOSED,
);

const LinkSecret = Type.String({ minLength: 1, maxLength: 128 });

export const LinkBody = Type.Object({ secret: LinkSecret }, CLOSED);

export const FirstRunBody = Type.Object(
  {
    secret: LinkSecret,
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

export const OwnPasswordBody = Type.Object({ current: Password, password: Password }, CLOSED);

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

export const BackupBody = Type.Object(
  {
    file: Type.Optional(
      Type.String({ minLength: 1, maxLength: 4096, description: "what it is for, for the audit" }),
    ),
  },
  CLOSED,
);

export const NothingBody = Type.Object({}, CLOSED);
