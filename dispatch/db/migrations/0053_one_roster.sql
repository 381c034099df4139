-- Technicians do desk tasks beside the AI agents: on one roster each has a slug that nobody else has, by which tasks name them. An
-- agent's is its own, a technician's is made of their name where nobody says it. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

CREATE TABLE worker_slugs (
  slug text COLLATE "C" PRIMARY KEY CHECK (slug ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  -- Null: an agent's.
  technician_id uuid UNIQUE REFERENCES technicians ON DELETE CASCADE
);

-- Ana Álvarez is ana-alvarez, and the second of that name ana-alvarez-2.
CREATE FUNCTION free_worker_slug(name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  written text := normalize(name, NFC);
  base text;
  candidate text;
BEGIN
  written := replace(replace(replace(written, 'Ä', 'Ae'), 'Ö', 'Oe'), 'Ü', 'Ue');
  written := replace(replace(replace(replace(written, 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss');
  written := lower(regexp_replace(normalize(written, NFD), '[\u0300-\u036f]', '', 'g'));
  base := left(trim(BOTH '-' FROM regexp_replace(written, '[^a-z0-9]+', '-', 'g')), 50);
  base := coalesce(nullif(trim(BOTH '-' FROM base), ''), 'technician');
  candidate := base;
  FOR copy IN 2 .. 1000000 LOOP
    EXIT WHEN NOT EXISTS (SELECT FROM worker_slugs WHERE slug = candidate);
    candidate := base || '-' || copy;
  END LOOP;
  RETURN candidate;
END $$;

-- By whatever way somebody comes onto the roster.
CREATE FUNCTION name_technician() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO worker_slugs (slug, technician_id) VALUES (free_worker_slug(NEW.name), NEW.id);
  RETURN NULL;
END $$;
CREATE FUNCTION name_agent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO worker_slugs (slug) VALUES (NEW.slug);
  RETURN NULL;
END $$;
CREATE TRIGGER named AFTER INSERT ON technicians FOR EACH ROW EXECUTE FUNCTION name_technician();
CREATE TRIGGER named AFTER INSERT ON agents FOR EACH ROW EXECUTE FUNCTION name_agent();

INSERT INTO worker_slugs (slug) SELECT slug FROM agents;
DO $$
DECLARE
  technician record;
BEGIN
  FOR technician IN SELECT id, name FROM technicians ORDER BY created_at, id LOOP
    INSERT INTO worker_slugs (slug, technician_id) VALUES (free_worker_slug(technician.name), technician.id);
  END LOOP;
END $$;

-- Whether whoever takes no new work has been signed off: means something only beside drained_at.
ALTER TABLE technicians ADD COLUMN signed_off boolean NOT NULL DEFAULT false;

GRANT SELECT, INSERT ON worker_slugs TO dispatch_app;
GRANT UPDATE (slug) ON worker_slugs TO dispatch_app;
GRANT UPDATE (signed_off) ON technicians TO dispatch_app;
