-- Of a technician of whom only the name is known nobody has said what they can do; that is not the same as nothing at all.
-- Who is there already has been judged by their lists so far, and is from now on. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works
ALTER TABLE technicians ADD COLUMN abilities_on_record boolean NOT NULL DEFAULT true;
