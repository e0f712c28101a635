-- Rules by when they end: one that never does comes after all that do.
ALTER TABLE rule
ADD COLUMN ends INTEGER GENERATED ALWAYS AS (
  CASE expire_at WHEN 0 THEN 9007199254740991 ELSE expire_at END
) VIRTUAL;

CREATE INDEX rule_by_end ON rule (ends, id);
CREATE INDEX rule_past_by_end ON rule (ends, id) WHERE state > 0;
