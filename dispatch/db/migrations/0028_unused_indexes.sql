-- Whether a call came before is looked for among the newest tickets of its place, and no longer by signature. Legal on
-- PostgreSQL 15 and newer.
-- dispatch: old code works

DROP INDEX tickets_intake_duplicates;
DROP INDEX intake_calls_signature;
