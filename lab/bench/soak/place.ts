// Where the long lives of the soak happen: a site in a zone with technicians of its own, who have shifts and skills, so
// that the workers find somebody there and nowhere else; and hours of which each is asked of half of them.

import { randomUUID } from "node:crypto";
import { knownId, type AccountId, type SiteId, type TechnicianId } from "../../../dispatch/contract/ids.ts";
import { places } from "../lifecycle.ts";
import { withClient } from "../seed.ts";

export type Window = { readonly start: string; readonly end: string };
export type SoakPlace = {
  readonly accountId: AccountId;
  readonly siteId: SiteId;
  readonly nextWindow: () => Window;
  /** One of the site's technicians after the other. */
  readonly nextTechnician: () => TechnicianId;
};

const technicians = 20;
const hourMs = 3_600_000;

/** Adds the place to a database that has the benchmark's own. */
export async function makeSoakPlace(databaseUrl: string): Promise<SoakPlace> {
  const siteId = knownId<SiteId>(randomUUID());
  const techIds = Array.from({ length: technicians }, () => knownId<TechnicianId>(randomUUID()));
  await withClient(databaseUrl, async (client) => {
    await client.query(
      "INSERT INTO sites (id, account_id, name, city, region, lat, lon) VALUES ($1, $2, 'Soak site', 'Reno', 'NV', 39.5, -119.8)",
      [siteId, places.accountId],
    );
    await client.query(
      `WITH staff AS (
         INSERT INTO technicians (id, name, zone, skills)
         SELECT id, 'Soak technician ' || n, 'NV', '{door_hardware}' FROM unnest($1::uuid[]) WITH ORDINALITY AS t (id, n) RETURNING id
       )
       INSERT INTO technician_shifts (id, technician_id, weekday, starts, ends, timezone)
       SELECT gen_random_uuid(), staff.id, weekday, '00:00', '00:00', 'UTC' FROM staff, generate_series(1, 7) AS weekday`,
      [techIds],
    );
  });
  // Tomorrow, on the hour.
  const first = Math.ceil(Date.now() / hourMs) * hourMs + 24 * hourMs;
  let asked = 0;
  const nextWindow = () => {
    const start = first + Math.floor(asked++ / (technicians / 2)) * hourMs;
    return { start: new Date(start).toISOString(), end: new Date(start + hourMs).toISOString() };
  };
  let named = 0;
  const nextTechnician = () => techIds[named++ % technicians] ?? places.techId;
  return { accountId: places.accountId, siteId, nextWindow, nextTechnician };
}
