-- Numbers without gaps: the last one taken of each series, in the transaction that takes it. A sequence moves on whatever becomes
-- of its transaction, so that a refused invoice left a hole. Legal on PostgreSQL 15 and newer.
-- dispatch: exempt old-code-breaks: code before this numbers invoices from the sequence, which would give numbers twice; it is stopped first

CREATE TABLE number_series (
  series text PRIMARY KEY,
  last bigint NOT NULL CHECK (last >= 0)
);
INSERT INTO number_series (series, last)
SELECT 'invoice', CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM invoice_numbers;
DROP SEQUENCE invoice_numbers;
GRANT SELECT, UPDATE ON number_series TO dispatch_app;

-- What was verified may go back to work, or ask for a higher limit; a call-out may end at the door.
INSERT INTO machine_edges (aggregate, from_state, to_state) VALUES
  ('ticket', 'DISPATCHED', 'COMPLETED_PENDING_VERIFICATION'),
  ('ticket', 'VERIFIED', 'IN_PROGRESS'),
  ('ticket', 'VERIFIED', 'READY_TO_SCHEDULE'),
  ('ticket', 'VERIFIED', 'APPROVAL_REQUIRED'),
  ('ticket', 'APPROVAL_REQUIRED', 'VERIFIED')
ON CONFLICT DO NOTHING;

-- Why there was no work to do, where a visit ended so.
ALTER TABLE completions ADD COLUMN no_work text;
