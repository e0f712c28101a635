-- Rules, their journal and audit; people and what they show to get in; the nodes that enforce it all.
-- Times are seconds since 1970 unless the column says ms.

CREATE TABLE store (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  -- Which store it is, whatever server it lies on.
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  -- Any user of the database can send and hear notices; only those who can read this can make or read one.
  notice_key text NOT NULL DEFAULT gen_random_uuid()::text || gen_random_uuid()::text,
  -- The journal's newest number.
  seq bigint NOT NULL DEFAULT 0,
  -- The history that nodes' leases were last seen on, and until when others of a former one may hold.
  epoch text NOT NULL DEFAULT '',
  quiet_until_ms double precision NOT NULL DEFAULT 0,
  -- The longest lease and trust that any node was ever granted.
  longest_ms double precision NOT NULL DEFAULT 0
);

INSERT INTO store DEFAULT VALUES;

CREATE TABLE tally (
  name text PRIMARY KEY,
  count bigint NOT NULL
);

INSERT INTO tally (name, count)
VALUES ('global', 0), ('subject', 0), ('ended', 0), ('lifted', 0);

-- state: 0 staged, 1 committed, 2 given up.
CREATE TABLE rule_import (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  source text NOT NULL,
  state smallint NOT NULL DEFAULT 0,
  started_at_ms double precision NOT NULL,
  -- When its process last staged something; by the database's clock.
  touched_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  rules bigint NOT NULL DEFAULT 0
);

CREATE INDEX rule_import_hidden ON rule_import (id) WHERE state <> 1;

-- state: 0 in force, 1 lifted, 2 ended by expire_at and swept.
CREATE TABLE rule (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  subject text,
  issuer text,
  text text NOT NULL,
  format smallint NOT NULL,
  expire_at bigint NOT NULL,
  reason text NOT NULL,
  state smallint NOT NULL DEFAULT 0,
  import_id bigint NOT NULL DEFAULT 0,
  added_at bigint NOT NULL,
  who text NOT NULL,
  via text NOT NULL,
  origin text NOT NULL,
  ended_at bigint,
  lifted_who text,
  lifted_via text,
  lifted_origin text,
  lift_reason text,
  seq bigint NOT NULL
);

-- The beginning of a name: an index holds no rows of any length.
CREATE INDEX rule_of_subject ON rule (left(subject, 256), id);
CREATE INDEX rule_of_import ON rule (import_id, id) WHERE import_id > 0;
CREATE INDEX rule_ending ON rule (expire_at, id) WHERE state = 0 AND expire_at > 0;
CREATE INDEX rule_by_end ON rule (
  (CASE expire_at WHEN 0 THEN 9007199254740991 ELSE expire_at END), id
);
CREATE INDEX rule_past ON rule (id) WHERE state > 0;
CREATE INDEX rule_past_age ON rule (ended_at) WHERE state > 0;
CREATE INDEX rule_unreadable ON rule (id) WHERE state = 0 AND format <> 1;

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is never edited', TG_TABLE_NAME;
END
$$;

-- A rule says the same for ever; what is wrong is lifted.
CREATE TRIGGER rule_text_stays BEFORE UPDATE OF text, subject, issuer, expire_at ON rule
FOR EACH ROW EXECUTE FUNCTION refuse();

CREATE TABLE journal (
  seq bigint PRIMARY KEY,
  at_ms double precision NOT NULL,
  kind text NOT NULL,
  scope text NOT NULL,
  subject text,
  rule_id bigint,
  import_id bigint
);

CREATE TABLE audit (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  at_ms double precision NOT NULL,
  who text NOT NULL,
  via text NOT NULL,
  origin text NOT NULL,
  action text NOT NULL,
  target text NOT NULL,
  reason text,
  outcome text NOT NULL,
  detail text
);

CREATE INDEX audit_of_target ON audit (left(target, 256), id);

CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
FOR EACH ROW EXECUTE FUNCTION refuse();

CREATE TABLE once (
  who text NOT NULL,
  key text NOT NULL,
  request_hash text NOT NULL,
  rule_id bigint NOT NULL,
  seq bigint NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (who, key)
);

CREATE INDEX once_age ON once (at);

CREATE TABLE person (
  name text PRIMARY KEY,
  role text NOT NULL,
  password_hash text NOT NULL,
  created_at bigint NOT NULL,
  password_changed_at bigint NOT NULL
);

CREATE TABLE api_token (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  name text NOT NULL,
  role text NOT NULL,
  secret_hash text NOT NULL UNIQUE,
  created_at bigint NOT NULL,
  created_by text NOT NULL,
  revoked_at bigint,
  last_used_at bigint
);

CREATE UNIQUE INDEX api_token_name ON api_token (name) WHERE revoked_at IS NULL;

CREATE TABLE session (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  id_hash text NOT NULL UNIQUE,
  person text NOT NULL REFERENCES person (name) ON DELETE CASCADE,
  created_at bigint NOT NULL,
  last_seen_at bigint NOT NULL,
  origin text NOT NULL
);

CREATE INDEX session_of_person ON session (person);

CREATE TABLE attempt (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  key text NOT NULL,
  at_ms double precision NOT NULL
);

CREATE INDEX attempt_of_key ON attempt (key, at_ms);
CREATE INDEX attempt_age ON attempt (at_ms);

CREATE TABLE setting (
  name text PRIMARY KEY,
  value text NOT NULL
);

-- One life of one appliance. Its lease runs until lease_until_ms by this database's own clock, and
-- those who verify by its verdicts may trust them for trust_ms longer.
CREATE TABLE node (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  version text NOT NULL,
  is_strict boolean NOT NULL,
  started_at_ms double precision NOT NULL,
  renewed_at_ms double precision NOT NULL,
  lease_until_ms double precision NOT NULL,
  trust_ms double precision NOT NULL,
  -- The history that the numbers below are of.
  epoch text NOT NULL,
  applied_seq bigint NOT NULL,
  -- Nobody who asks this node accepts a token that a change up to this one refuses; -1: not known.
  confirmed_seq bigint NOT NULL,
  verifiers jsonb NOT NULL DEFAULT '[]'
);
