-- What a room's gateway knows of its session, how long what was said in rooms is kept, and pushes that nobody heard. Legal on
-- PostgreSQL 15 and newer.
-- dispatch: old code works
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has pushes yet

-- When its session was known to be there, or the desk began one itself; null while nobody has seen it.
ALTER TABLE rooms ADD COLUMN session_known_at timestamptz;
GRANT UPDATE (session_known_at) ON rooms TO dispatch_app;

-- What is told of a ticket's visit, the last first.
CREATE INDEX pushes_ticket ON pushes (ticket_id, created_at DESC, id DESC) WHERE ticket_id IS NOT NULL;
CREATE INDEX pushes_dead ON pushes (updated_at) WHERE status = 'dead';
-- Whose longer texts are still there.
CREATE INDEX pushes_with_texts ON pushes (updated_at)
  WHERE status IN ('acked', 'skipped', 'dead') AND (prompt IS NOT NULL OR captured IS NOT NULL);
CREATE INDEX room_events_oldest ON room_events (created_at, id);
GRANT DELETE ON room_events TO dispatch_app;
GRANT UPDATE (prompt) ON pushes TO dispatch_app;
