-- What a ticket is called and found by: a number that a caller can quote, words in any of their forms, phone numbers in any
-- writing, addresses; and which calls were one. Legal on PostgreSQL 15 and newer.
-- Code before this would ask for words in a form that is no longer kept, and open tickets that are found by less; it is stopped
-- first, as for the file before.
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has tickets yet
-- dispatch: exempt checks-every-row: before the first release; no database of any size has tickets yet
-- dispatch: exempt long-change: before the first release; no database of any size has tickets yet

-- A ticket's number as people say it. Gaps do not matter: a refused command uses one up.
CREATE SEQUENCE ticket_numbers;
CREATE FUNCTION next_ticket_number() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT 'T-' || lpad(n::text, greatest(6, length(n::text)), '0') FROM nextval('ticket_numbers') AS n
$$;
ALTER TABLE tickets
  ADD COLUMN number text,
  -- Whom to ask for there; the directory's contact, where the ticket names one.
  ADD COLUMN contact_id uuid REFERENCES contacts;
UPDATE tickets SET number = 'T-' || lpad(n::text, greatest(6, length(n::text)), '0')
FROM (SELECT id, row_number() OVER (ORDER BY created_at, id) AS n FROM tickets) AS numbered
WHERE tickets.id = numbered.id;
SELECT setval('ticket_numbers', count(*)) FROM tickets HAVING count(*) > 0;
ALTER TABLE tickets ALTER COLUMN number SET NOT NULL, ALTER COLUMN number SET DEFAULT next_ticket_number();
CREATE UNIQUE INDEX tickets_number ON tickets (number);

-- English words by their stem, so that leak finds leaks; no word is passed over, since Will and Can are names too. Words in
-- other languages are cut alike in what is kept and in what is asked for.
CREATE TEXT SEARCH DICTIONARY dispatch_stem (TEMPLATE = snowball, LANGUAGE = english);
CREATE TEXT SEARCH CONFIGURATION dispatch_words (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION dispatch_words ALTER MAPPING FOR asciiword, word WITH dispatch_stem;

-- Signs between words say nothing, neither a minus before a number nor the dots and dashes that make the parser see a host, a
-- path or one compound.
CREATE FUNCTION words_to_find(text) RETURNS tsvector LANGUAGE sql STABLE AS $$
  SELECT to_tsvector('dispatch_words', translate($1, '-_./\@:+#&=%~''’‐‑‒–—―', repeat(' ', 21)))
$$;

-- A phone number by each of its endings of seven digits and more: a number is found with and without its country and area.
CREATE FUNCTION phone_to_find(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT string_agg('tel' || right(digits, n), ' ')
  FROM regexp_replace($1, '[^0-9]', '', 'g') AS digits, generate_series(7, length(digits)) AS n
$$;

-- All that a ticket is found by.
CREATE FUNCTION ticket_to_find(
  number text, summary text, description text, customer_name text, customer_email text, customer_phone text, site uuid, contact uuid
) RETURNS tsvector LANGUAGE sql STABLE AS $$
  SELECT words_to_find(concat_ws(' ', replace($1, '-', ''), $2, $3, $4, $5, phone_to_find($6),
                                 s.name, s.address1, s.address2, s.city, s.region, s.postal_code, s.country,
                                 c.name, c.email, phone_to_find(c.phone)))
  FROM sites s LEFT JOIN contacts c ON c.id = $8 WHERE s.id = $7
$$;

UPDATE ticket_words w
SET words = ticket_to_find(t.number, t.summary, t.description, t.customer_name, t.customer_email, t.customer_phone, t.site_id, NULL)
FROM tickets t WHERE t.id = w.ticket_id;

-- Calls by what they are recognised by, however they were written down.
CREATE TABLE intake_calls (
  ticket_id uuid PRIMARY KEY REFERENCES tickets,
  signature text NOT NULL
);
CREATE INDEX intake_calls_signature ON intake_calls (signature);

GRANT USAGE ON SEQUENCE ticket_numbers TO dispatch_app;
GRANT UPDATE ON ticket_words TO dispatch_app;
GRANT SELECT, INSERT ON intake_calls TO dispatch_app;
