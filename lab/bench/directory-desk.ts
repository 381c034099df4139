// A large directory for the search's bench and the test of its plans: customers, their places, people and things, with the names,
// numbers and streets that a real one has many of. The same rows in every run.

import type pg from "pg";

export type DirectorySize = {
  readonly accounts: number;
  readonly sites: number;
  readonly contacts: number;
  readonly assets: number;
};

/** Makes the rows and tells Postgres of them. One account in a hundred is archived. */
export async function seedDirectory(client: pg.Client, size: DirectorySize): Promise<void> {
  await client.query("SET synchronous_commit = off");
  await client.query(insertAccounts, [size.accounts]);
  await client.query(insertSites, [size.sites, size.accounts]);
  await client.query(insertContacts, [size.contacts, size.sites]);
  await client.query(insertAssets, [size.assets, size.sites]);
  await client.query("VACUUM ANALYZE accounts, sites, contacts, assets, technicians");
}

// Chosen by a hash of the row's number and of what is chosen: no two kinds of words go in step.
const one = (words: readonly string[], what: number) =>
  `(ARRAY[${words.map((word) => `'${word}'`).join(", ")}])[1 + (hashtext(n || '/${what}') & 65535) % ${words.length}]`;
const firstNames = one(
  "Ana Bruno Carla Dmitri Elena Farid Grete Hugo Ines Jonas Kim Luis Mei Nadia Omar Petra Quinn Rosa Sven Tara".split(
    " ",
  ),
  1,
);
const lastNames = one(
  "Alvarez Becker Chen Dubois Eriksen Fischer Garcia Hansen Ito Jensen Kaya Lopez Meyer Novak Okafor Patel Rossi Silva Tran Weber".split(
    " ",
  ),
  2,
);
const trades = one(
  "Bakery Clinic Depot Foods Garage Hotel Library Market Pharmacy School Stores Theatre".split(" "),
  3,
);
const streets = one(
  "Ash Birch Cedar Dogwood Elm Fir Grove Hazel Ivy Juniper King Lake Maple North Oak Pine Queen River Spruce Willow".split(
    " ",
  ),
  4,
);

const insertAccounts = `
  INSERT INTO accounts (id, name, billing_email, external_source, external_id, archived_at)
  SELECT md5('account' || n)::uuid, ${lastNames} || ' ' || ${trades} || ' ' || n, 'billing@customer' || n || '.example',
         'bench', 'A-' || n, CASE WHEN n % 100 = 99 THEN now() END
  FROM generate_series(0, $1::int - 1) AS n`;

const insertSites = `
  INSERT INTO sites (id, account_id, name, address1, city, region, postal_code, country, external_source, external_id)
  SELECT md5('site' || n)::uuid, md5('account' || n % $2::int)::uuid, ${trades} || ' ' || ${streets} || ' ' || n,
         (1 + n % 9973) || ' ' || ${streets} || ' Street', 'Oakland', 'CA', lpad((10000 + n % 4000)::text, 5, '0'), 'US',
         'bench', 'S-' || n
  FROM generate_series(0, $1::int - 1) AS n`;

const insertContacts = `
  INSERT INTO contacts (id, account_id, site_id, name, phone, phone_e164, email, role, external_source, external_id)
  SELECT md5('contact' || n)::uuid, s.account_id, CASE WHEN n % 4 = 0 THEN NULL ELSE s.id END,
         ${firstNames} || ' ' || ${lastNames} || ' ' || n, number, '+1' || number, 'person' || n || '@customer.example', 'manager',
         'bench', 'C-' || n
  FROM generate_series(0, $1::int - 1) AS n
  JOIN sites s ON s.id = md5('site' || n % $2::int)::uuid
  CROSS JOIN LATERAL (SELECT 510 + n % 400 || '555' || lpad((n % 10000)::text, 4, '0') AS number) AS phone`;

const insertAssets = `
  INSERT INTO assets (id, account_id, site_id, name, kind, serial_number, external_source, external_id)
  SELECT md5('asset' || n)::uuid, s.account_id, s.id, 'Door ' || n, 'automatic_door', 'SN-' || n * 7, 'bench', 'E-' || n
  FROM generate_series(0, $1::int - 1) AS n JOIN sites s ON s.id = md5('site' || n % $2::int)::uuid`;
