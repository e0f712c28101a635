-- Of the change that put it in force: the last one of each of its rules, until that is lifted.
ALTER TABLE rule_import
ADD COLUMN seq bigint NOT NULL DEFAULT 0;

UPDATE rule_import
SET seq = journal.seq
FROM journal
WHERE journal.import_id = rule_import.id AND journal.kind = 'rules_imported';
