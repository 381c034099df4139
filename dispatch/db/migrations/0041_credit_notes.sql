-- An invoice keeps the day it was issued on, when it is due, and both sides' names and addresses as they were then. Credit notes
-- stand beside invoices, with a series of numbers of their own; a ticket may have a second invoice once the first is credited
-- whole. Legal on PostgreSQL 15 and newer.
-- dispatch: exempt index-blocks-writes: before the first release; no database has invoices of any number yet
-- dispatch: exempt old-code-breaks: code before this expects one invoice of a ticket, and counts credit notes as such; it is stopped first

ALTER TABLE invoices
  ADD COLUMN kind text NOT NULL DEFAULT 'invoice',
  ADD COLUMN credits_invoice_id uuid,
  ADD COLUMN reason text,
  ADD COLUMN issued_on date,
  ADD COLUMN due_on date,
  ADD COLUMN parties jsonb,
  ADD CONSTRAINT invoices_kind CHECK (kind IN ('invoice', 'credit_note')) NOT VALID,
  ADD CONSTRAINT invoices_credit_note CHECK ((kind = 'credit_note') = (credits_invoice_id IS NOT NULL)) NOT VALID,
  ADD CONSTRAINT invoices_credited FOREIGN KEY (credits_invoice_id) REFERENCES invoices NOT VALID,
  DROP CONSTRAINT invoices_ticket_id_key;
CREATE INDEX invoices_ticket ON invoices (ticket_id);
CREATE INDEX invoices_credits ON invoices (credits_invoice_id) WHERE credits_invoice_id IS NOT NULL;
CREATE INDEX invoices_issued ON invoices (issued_at, id);

INSERT INTO number_series (series, last) VALUES ('credit_note', 0);

-- What is credited whole goes back to where it can be put right and invoiced again.
INSERT INTO machine_edges (aggregate, from_state, to_state) VALUES ('ticket', 'INVOICED', 'VERIFIED') ON CONFLICT DO NOTHING;
