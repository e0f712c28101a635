-- Of the change that put it in force: the last one of each of its rules, until that is lifted.
ALTER TABLE rule_import
ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
