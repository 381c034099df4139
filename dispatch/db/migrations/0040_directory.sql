-- The directory as commands keep it: what a company says of its customers, places, people and things, where each row came from, and
-- the head of its audit chain. Legal on PostgreSQL 15 and newer.
-- The release before works on this too: it reads the directory, and what it does not know of has defaults.
-- dispatch: old code works
-- dispatch: exempt index-blocks-writes: until now nothing but bootstrap writes these tables, and their rows are counted in thousands
-- dispatch: exempt checks-every-row: until now nothing but bootstrap writes these tables, and their rows are counted in thousands

-- In which form a phone number is looked for: its digits with the country's, else as they were written, without an extension.
CREATE FUNCTION phone_key(e164 text, written text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT regexp_replace(coalesce($1, regexp_replace($2, '(x|ext|#).*$', '', 'i')), '[^0-9]', '', 'g')
$$;

ALTER TABLE accounts
  ADD COLUMN billing_name text,
  ADD COLUMN billing_email text,
  ADD COLUMN billing_address text,
  ADD COLUMN purchase_order_required boolean NOT NULL DEFAULT false,
  ADD COLUMN payment_terms_days integer,
  ADD COLUMN tax_exempt boolean NOT NULL DEFAULT false,
  ADD COLUMN tax_id text,
  -- ISO 4217; null: the policy's.
  ADD COLUMN currency text,
  ADD COLUMN default_nte_cents bigint,
  -- An agreement of the policy by its name; null: the policy's own clocks.
  ADD COLUMN sla text,
  ADD COLUMN notes text,
  -- As another system calls it, by which that finds it again.
  ADD COLUMN external_source text,
  ADD COLUMN external_id text,
  ADD COLUMN archived_at timestamptz,
  ADD COLUMN archived_reason text,
  -- Where it went when two were found to be one.
  ADD COLUMN merged_into uuid REFERENCES accounts,
  ADD COLUMN version integer NOT NULL DEFAULT 0,
  ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN audit_seq integer NOT NULL DEFAULT 0,
  ADD COLUMN audit_hash text NOT NULL DEFAULT '',
  ADD COLUMN audit_at timestamptz NOT NULL DEFAULT now();

ALTER TABLE sites
  -- The dispatch area; null: the region is.
  ADD COLUMN zone text,
  -- Where its taxes are looked up; null: the region.
  ADD COLUMN tax_region text,
  ADD COLUMN external_source text,
  ADD COLUMN external_id text,
  ADD COLUMN archived_at timestamptz,
  ADD COLUMN archived_reason text,
  ADD COLUMN merged_into uuid REFERENCES sites,
  ADD COLUMN version integer NOT NULL DEFAULT 0,
  ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN audit_seq integer NOT NULL DEFAULT 0,
  ADD COLUMN audit_hash text NOT NULL DEFAULT '',
  ADD COLUMN audit_at timestamptz NOT NULL DEFAULT now();

ALTER TABLE contacts
  -- `phone` is what was written; these are what was read in it, where it could be read.
  ADD COLUMN phone_e164 text,
  ADD COLUMN phone_extension text,
  ADD COLUMN is_authorized_approver boolean NOT NULL DEFAULT false,
  ADD COLUMN notify_sms boolean NOT NULL DEFAULT true,
  ADD COLUMN notify_email boolean NOT NULL DEFAULT true,
  ADD COLUMN external_source text,
  ADD COLUMN external_id text,
  ADD COLUMN archived_at timestamptz,
  ADD COLUMN archived_reason text,
  ADD COLUMN merged_into uuid REFERENCES contacts,
  ADD COLUMN version integer NOT NULL DEFAULT 0,
  ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN audit_seq integer NOT NULL DEFAULT 0,
  ADD COLUMN audit_hash text NOT NULL DEFAULT '',
  ADD COLUMN audit_at timestamptz NOT NULL DEFAULT now();

ALTER TABLE assets
  ADD COLUMN make text,
  ADD COLUMN model text,
  ADD COLUMN installed_on date,
  ADD COLUMN warranty_until date,
  ADD COLUMN notes text,
  ADD COLUMN external_source text,
  ADD COLUMN external_id text,
  ADD COLUMN archived_at timestamptz,
  ADD COLUMN archived_reason text,
  ADD COLUMN merged_into uuid REFERENCES assets,
  ADD COLUMN version integer NOT NULL DEFAULT 0,
  ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN audit_seq integer NOT NULL DEFAULT 0,
  ADD COLUMN audit_hash text NOT NULL DEFAULT '',
  ADD COLUMN audit_at timestamptz NOT NULL DEFAULT now();

-- One row per reference: of two that are made at once the second finds the first.
CREATE UNIQUE INDEX accounts_external_ref ON accounts (external_source, external_id);
CREATE UNIQUE INDEX sites_external_ref ON sites (external_source, external_id);
CREATE UNIQUE INDEX contacts_external_ref ON contacts (external_source, external_id);
CREATE UNIQUE INDEX assets_external_ref ON assets (external_source, external_id);

-- What the search asks for beside names. A phone number is found by its end, however much of it somebody knows.
CREATE INDEX accounts_external_id ON accounts (external_id text_pattern_ops) WHERE external_id IS NOT NULL;
CREATE INDEX accounts_billing_email ON accounts (lower(billing_email) text_pattern_ops) WHERE billing_email IS NOT NULL;
CREATE INDEX sites_address_trgm ON sites USING gin (address1 gin_trgm_ops);
CREATE INDEX sites_postal_code ON sites (upper(replace(postal_code, ' ', '')) text_pattern_ops) WHERE postal_code IS NOT NULL;
CREATE INDEX sites_external_id ON sites (external_id text_pattern_ops) WHERE external_id IS NOT NULL;
CREATE INDEX contacts_phone ON contacts (reverse(phone_key(phone_e164, phone)) text_pattern_ops) WHERE phone IS NOT NULL;
CREATE INDEX contacts_email ON contacts (lower(email) text_pattern_ops) WHERE email IS NOT NULL;
CREATE INDEX contacts_external_id ON contacts (external_id text_pattern_ops) WHERE external_id IS NOT NULL;
CREATE INDEX contacts_account ON contacts (account_id);
CREATE INDEX assets_serial ON assets (lower(serial_number) text_pattern_ops) WHERE serial_number IS NOT NULL;
CREATE INDEX assets_external_id ON assets (external_id text_pattern_ops) WHERE external_id IS NOT NULL;
CREATE INDEX assets_account ON assets (account_id);

GRANT INSERT ON accounts, sites, contacts, assets TO dispatch_app;
GRANT UPDATE (
  name, billing_name, billing_email, billing_address, purchase_order_required, payment_terms_days, tax_exempt, tax_id, currency,
  default_nte_cents, sla, notes, external_source, external_id, archived_at, archived_reason, merged_into, version, updated_at,
  audit_seq, audit_hash, audit_at
) ON accounts TO dispatch_app;
GRANT UPDATE (
  account_id, name, address1, address2, city, region, postal_code, country, timezone, lat, lon, zone, tax_region,
  access_instructions, hours, holiday_calendar, external_source, external_id, archived_at, archived_reason, merged_into, version,
  updated_at, audit_seq, audit_hash, audit_at
) ON sites TO dispatch_app;
GRANT UPDATE (
  account_id, site_id, name, phone, phone_e164, phone_extension, email, role, is_authorized_requester, is_authorized_approver,
  escalation_level, notify_sms, notify_email, external_source, external_id, archived_at, archived_reason, merged_into, version,
  updated_at, audit_seq, audit_hash, audit_at
) ON contacts TO dispatch_app;
GRANT UPDATE (
  account_id, site_id, name, kind, make, model, serial_number, installed_on, warranty_until, notes, external_source, external_id,
  archived_at, archived_reason, merged_into, version, updated_at, audit_seq, audit_hash, audit_at
) ON assets TO dispatch_app;
