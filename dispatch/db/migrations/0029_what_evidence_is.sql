-- What a piece of evidence is, as the server read it in the stored bytes: its media type, a picture's size in pixels, when and
-- where it was taken, and which earlier item has the same bytes. Legal on PostgreSQL 15 and newer.
-- Verified items without a media type are those recorded before this; they keep the standing they had.
-- dispatch: old code works
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has evidence yet

ALTER TABLE evidence_items
  ADD COLUMN media_type text,
  ADD COLUMN width integer,
  ADD COLUMN height integer,
  ADD COLUMN captured_at timestamptz,
  -- As the camera told it; null where it told none and captured_at is by the site's zone.
  ADD COLUMN captured_offset text,
  ADD COLUMN lat double precision,
  ADD COLUMN lon double precision,
  ADD COLUMN duplicate_of uuid;

CREATE INDEX evidence_items_checksum ON evidence_items (checksum) WHERE checksum IS NOT NULL;
