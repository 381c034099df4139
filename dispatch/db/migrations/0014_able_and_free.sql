-- An emergency may be sent past a scheduling that has begun. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

INSERT INTO machine_edges (aggregate, from_state, to_state) VALUES
  ('ticket', 'READY_TO_SCHEDULE', 'DISPATCHED'),
  ('ticket', 'SCHEDULE_PROPOSED', 'DISPATCHED');
