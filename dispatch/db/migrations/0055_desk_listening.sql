-- Since when the desk has been there to hear its agents, so that after an outage nobody is called silent who spoke to nobody.
-- Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

CREATE TABLE desk_listening (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  -- When an API last said that it hears, by this server's clock; null while none ever did.
  listening_at timestamptz,
  -- When one came back after nobody had heard, by the desk's clock, as heartbeats are; null while that never happened.
  listening_since timestamptz
);
INSERT INTO desk_listening DEFAULT VALUES;
GRANT SELECT ON desk_listening TO dispatch_app;
GRANT UPDATE (listening_at, listening_since) ON desk_listening TO dispatch_app;
