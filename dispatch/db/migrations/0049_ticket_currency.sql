-- The currency of a ticket's amounts, as its account was billed in when it opened: of the account's price books those in it are asked.
-- Null for tickets from before there were several: their amounts are in the currency of the main book of their version.
-- Legal on PostgreSQL 15 and newer.
-- dispatch: old code works
ALTER TABLE tickets ADD COLUMN currency text;
