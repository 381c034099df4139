-- Each committed event is told once on the channel dispatch_events, to whoever listens on Postgres itself: how far, for all workers
-- together. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

CREATE TABLE event_notices (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  -- Everything up to and including this place of the outbox has been told.
  xact xid8 NOT NULL,
  id bigint NOT NULL
);
-- What happened before anybody could listen is no news.
INSERT INTO event_notices (xact, id)
SELECT coalesce(newest.xact, '0'), coalesce(newest.id, 0)
FROM (VALUES (1)) AS one
LEFT JOIN LATERAL (SELECT xact, id FROM outbox ORDER BY xact DESC, id DESC LIMIT 1) AS newest ON true;
GRANT SELECT ON event_notices TO dispatch_app;
GRANT UPDATE (xact, id) ON event_notices TO dispatch_app;
