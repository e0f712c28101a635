-- Rules, their journal and audit; people and what they show to get in.
-- Times are seconds since 1970 unless the column says ms.

CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tally (
  name TEXT PRIMARY KEY,
  count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO tally (name, count)
VALUES ('global', 0), ('subject', 0), ('ended', 0), ('lifted', 0), ('digest', 0);

-- Who did something, by which way in, from where: few, referred to by millions.
CREATE TABLE actor (
  id INTEGER PRIMARY KEY,
  who TEXT NOT NULL,
  via TEXT NOT NULL,
  origin TEXT NOT NULL,
  UNIQUE (who, via, origin)
) STRICT;

CREATE TABLE subject (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- state: 0 in force, 1 lifted, 2 ended by expire_at and swept, 3 of an import that was given up.
CREATE TABLE rule (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  subject_id INTEGER REFERENCES subject (id),
  issuer TEXT,
  text TEXT NOT NULL,
  format INTEGER NOT NULL,
  expire_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  import_id INTEGER NOT NULL DEFAULT 0,
  added_at INTEGER NOT NULL,
  added_by INTEGER NOT NULL REFERENCES actor (id),
  ended_at INTEGER,
  lifted_by INTEGER REFERENCES actor (id),
  lift_reason TEXT,
  seq INTEGER NOT NULL
) STRICT;

CREATE INDEX rule_of_subject ON rule (subject_id, id);
CREATE INDEX rule_ending ON rule (expire_at, id) WHERE state = 0 AND expire_at > 0;
CREATE INDEX rule_past ON rule (id) WHERE state > 0;
CREATE INDEX rule_past_age ON rule (ended_at) WHERE state > 0;
CREATE INDEX rule_unreadable ON rule (id) WHERE state = 0 AND format <> 1;

-- A rule says the same for ever; what is wrong is lifted.
CREATE TRIGGER rule_text_stays BEFORE UPDATE OF text, subject_id, issuer, expire_at ON rule
BEGIN
  SELECT RAISE(ABORT, 'a rule is never edited');
END;

-- Under which keys a subject's rules are found (core/revocation/rule-entries.ts).
CREATE TABLE rule_key (
  subject_id INTEGER NOT NULL,
  hash INTEGER NOT NULL,
  rule_id INTEGER NOT NULL,
  PRIMARY KEY (subject_id, hash, rule_id)
) STRICT, WITHOUT ROWID;

-- Hashes of the paths that keys are of: a token's other claims need not be looked at.
CREATE TABLE key_path (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash INTEGER NOT NULL UNIQUE
) STRICT;

CREATE TABLE shape (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE
) STRICT;

-- rank: 0 may decide, 1 waits behind one of rank 0 that is as strong and lasts as long.
CREATE TABLE rule_ladder (
  subject_id INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  guard INTEGER NOT NULL,
  shape_id INTEGER NOT NULL,
  strength REAL NOT NULL,
  rule_id INTEGER NOT NULL,
  part INTEGER NOT NULL,
  expire_at INTEGER NOT NULL,
  import_id INTEGER NOT NULL,
  PRIMARY KEY (subject_id, rank, guard, shape_id, strength DESC, rule_id, part)
) STRICT, WITHOUT ROWID;

-- state: 0 staged, 1 committed, 2 given up.
CREATE TABLE rule_import (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  -- Its rules have greater ids than this.
  after_rule_id INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  started_by INTEGER NOT NULL REFERENCES actor (id),
  rules INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX rule_import_hidden ON rule_import (id, state) WHERE state <> 1;

CREATE TABLE journal (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  scope TEXT NOT NULL,
  subject TEXT,
  rule_id INTEGER
) STRICT;

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  actor_id INTEGER NOT NULL REFERENCES actor (id),
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  reason TEXT,
  outcome TEXT NOT NULL,
  detail TEXT
) STRICT;

CREATE INDEX audit_of_target ON audit (target, id);

CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit is never edited');
END;

CREATE TABLE once (
  who TEXT NOT NULL,
  key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  rule_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (who, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX once_age ON once (at);

CREATE TABLE person (
  name TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  password_changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_token (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  secret_hash TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  revoked_at INTEGER,
  last_used_at INTEGER
) STRICT;

CREATE UNIQUE INDEX api_token_name ON api_token (name) WHERE revoked_at IS NULL;

CREATE TABLE session (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  id_hash TEXT NOT NULL UNIQUE,
  person TEXT NOT NULL REFERENCES person (name) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  origin TEXT NOT NULL
) STRICT;

CREATE INDEX session_of_person ON session (person);

CREATE TABLE attempt (
  key TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  nonce INTEGER NOT NULL,
  PRIMARY KEY (key, at_ms, nonce)
) STRICT, WITHOUT ROWID;

CREATE INDEX attempt_age ON attempt (at_ms);
