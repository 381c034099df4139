// The rows every field test stands on: two accounts with sites, and a roster of two technicians who can do everything at
// any hour. What a test needs beyond them it adds itself, here as well.

import { randomUUID } from "node:crypto";
import type pg from "pg";
import { knownId, type TechnicianId } from "../../dispatch/contract/ids.ts";

export const acme = {
  id: "a0000000-0000-4000-8000-000000000001",
  name: "Acme Retail",
  oakland: "a0000000-0000-4000-8000-000000000011",
  dallas: "a0000000-0000-4000-8000-000000000012",
  door: "a0000000-0000-4000-8000-000000000021",
};
export const borealis = {
  id: "b0000000-0000-4000-8000-000000000001",
  name: "Borealis Cafes",
  albany: "b0000000-0000-4000-8000-000000000011",
  oven: "b0000000-0000-4000-8000-000000000021",
};

/** On shift around the clock, every day, in UTC; able to do every incident type, of emergencies fifty at once; ana is the better one. */
export const ana = knownId<TechnicianId>("7ec00000-0000-4000-8000-000000000001");
export const ben = knownId<TechnicianId>("7ec00000-0000-4000-8000-000000000002");
/** Not on the roster until a test adds them. */
export const cleo = knownId<TechnicianId>("7ec00000-0000-4000-8000-00000000000c");
export const dirk = knownId<TechnicianId>("7ec00000-0000-4000-8000-00000000000d");

export const allSkills = ["door_hardware", "auto_operator", "glazing"];
export const allTools = ["multimeter", "glass_lifter"];

export type TechnicianRow = {
  readonly id?: TechnicianId;
  readonly name?: string;
  readonly active?: boolean;
  readonly providerId?: string | null;
  readonly zone?: string | null;
  /** Beside that. */
  readonly moreZones?: readonly string[];
  readonly serviceTypes?: readonly string[];
  readonly skills?: readonly string[];
  readonly quality?: number;
  readonly baseLoad?: number;
  readonly maxConcurrent?: number;
  readonly drained?: boolean;
  /** UTC, every day; null leaves the technician without any shift on record. */
  readonly hours?: readonly [starts: string, ends: string] | null;
};

export async function addTechnician(owner: Pick<pg.Pool, "query">, row: TechnicianRow = {}): Promise<TechnicianId> {
  const { id = knownId<TechnicianId>(randomUUID()), hours = ["00:00", "00:00"] } = row;
  await owner.query(
    `INSERT INTO technicians (id, name, active, provider_id, zone, service_types, skills, tools, quality, base_load,
                              drained_at, max_concurrent, more_zones)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      id,
      row.name ?? `Technician ${id.slice(0, 4)}`,
      row.active ?? true,
      row.providerId ?? null,
      row.zone === undefined ? "CA" : row.zone,
      row.serviceTypes ?? ["DEFAULT"],
      row.skills ?? allSkills,
      allTools,
      row.quality ?? 50,
      row.baseLoad ?? 0,
      row.drained ? new Date() : null,
      row.maxConcurrent ?? 3,
      row.moreZones ?? [],
    ],
  );
  if (hours) {
    await owner.query(
      `INSERT INTO technician_shifts (id, technician_id, weekday, starts, ends, timezone)
       SELECT gen_random_uuid(), $1, weekday, $2, $3, 'UTC' FROM generate_series(1, 7) AS weekday`,
      [id, ...hours],
    );
  }
  return id;
}

export async function addTimeOff(owner: pg.Pool, techId: string, start: string, end: string): Promise<void> {
  await owner.query(
    `INSERT INTO technician_time_off (id, technician_id, span) VALUES (gen_random_uuid(), $1, tstzrange($2, $3))`,
    [techId, start, end],
  );
}

export type SiteRow = {
  readonly id?: string;
  readonly accountId?: string;
  readonly name?: string;
  readonly city?: string;
  readonly region?: string | null;
  /** The dispatch area, and where its taxes are looked up; the region's where null. */
  readonly zone?: string | null;
  readonly taxRegion?: string | null;
};

export async function addSite(owner: pg.Pool, row: SiteRow = {}): Promise<string> {
  const { id = randomUUID(), accountId = acme.id, name = "Site", city = "Town", region = "CA" } = row;
  await owner.query(
    `INSERT INTO sites (id, account_id, name, city, region, zone, tax_region) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [id, accountId, name, city, region, row.zone ?? null, row.taxRegion ?? null],
  );
  return id;
}

export async function seedDirectory(owner: pg.Pool): Promise<void> {
  await owner.query(`INSERT INTO accounts (id, name) VALUES ($1, $2), ($3, $4)`, [
    acme.id,
    acme.name,
    borealis.id,
    borealis.name,
  ]);
  await owner.query(
    `INSERT INTO sites (id, account_id, name, address1, city, region, postal_code, country, timezone, access_instructions, lat, lon)
     VALUES ($1, $4, 'Acme Oakland', '1 Broadway', 'Oakland', 'CA', '94607', 'US', 'America/Los_Angeles',
             'Ring at the dock.', 37.8, -122.27),
            ($2, $4, 'Acme Dallas', '2 Elm St', 'Dallas', 'TX', '75201', 'US', 'America/Chicago', NULL, 32.78, -96.8),
            ($3, $5, 'Borealis Albany', '3 Pearl St', 'Albany', 'NY', '12207', 'US', 'America/New_York', NULL, 42.65, -73.75)`,
    [acme.oakland, acme.dallas, borealis.albany, acme.id, borealis.id],
  );
  await owner.query(
    `INSERT INTO assets (id, account_id, site_id, name, kind)
     VALUES ($1, $2, $3, 'Front door', 'door'), ($4, $5, $6, 'Pizza oven', 'oven')`,
    [acme.door, acme.id, acme.oakland, borealis.oven, borealis.id, borealis.albany],
  );
  await addTechnician(owner, { id: ana, name: "Ana Alvarez", quality: 90, maxConcurrent: 50 });
  await addTechnician(owner, { id: ben, name: "Ben Okafor", quality: 80, maxConcurrent: 50 });
}
