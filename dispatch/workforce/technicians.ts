// Technicians as rows: the statements that lock, read and write them, and the body clients see. Hours are kept apart
// (shift-rows.ts); whether somebody is free is availability.ts's to say.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { TechnicianId } from "../contract/ids.ts";
import type { TechnicianBody } from "../contract/roster-responses.ts";
import { Refusal } from "../kernel/refusal.ts";
import { helpingOf } from "./bookings.ts";
import { worksIn, zonesOf } from "./zones-of-technician.ts";

export const lockTechnician = statement<{ id: TechnicianId }>(
  "technician_lock",
  `SELECT id FROM technicians WHERE id = $1 FOR NO KEY UPDATE`,
);

// $1 one technician or all; $2 now; $3 zone, $4 skill, $5 status, $6 limit. Shifts that differ in nothing but the day
// come as one.
export const selectTechnicians = statement<TechnicianBody>(
  "technicians_select",
  `SELECT r.id, named.slug, r.name, r.active, r.provider_id, r.home_lat, r.home_lon, (${zonesOf("r")})[1] AS zone,
          ${zonesOf("r")} AS zones, r.service_types, r.skills, r.tools,
          r.abilities_on_record,
          r.quality, r.base_load, r.max_concurrent, r.room, r.drained_at, r.drain_reason,
          (SELECT count(*) FROM tickets t WHERE t.assigned_tech_id = r.id AND t.in_work) + ${helpingOf("r.id")} AS open_tickets,
          (SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.weekdays, p.start_time, p.valid_from), '[]') FROM (
             SELECT array_agg(s.weekday ORDER BY s.weekday) AS weekdays,
                    to_char(s.starts, 'HH24:MI') AS start_time, to_char(s.ends, 'HH24:MI') AS end_time,
                    s.timezone AS time_zone, s.breaks, s.valid_from, s.valid_to, s.on_call
             FROM technician_shifts s WHERE s.technician_id = r.id
             GROUP BY s.starts, s.ends, s.timezone, s.breaks, s.valid_from, s.valid_to, s.on_call
           ) p) AS shifts,
          (SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'id', o.id, 'reason', o.reason,
                    'start', to_char(lower(o.span), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                    'end', to_char(upper(o.span), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY lower(o.span), o.id), '[]')
           FROM technician_time_off o WHERE o.technician_id = r.id AND upper(o.span) > $2) AS time_off
   FROM technicians r JOIN worker_slugs named ON named.technician_id = r.id
   WHERE ($1::uuid IS NULL OR r.id = $1)
     AND ($3::text IS NULL OR ${worksIn("r", "$3")})
     AND ($4::text IS NULL OR $4 = ANY (r.skills))
     AND ($5::text IS NULL OR $5 = CASE WHEN NOT r.active THEN 'inactive' WHEN r.drained_at IS NULL THEN 'working' ELSE 'drained' END)
   ORDER BY r.name, r.id LIMIT $6`,
);

const stored = [
  "id",
  "name",
  "active",
  "provider_id",
  "home_lat",
  "home_lon",
  "zone",
  "service_types",
  "skills",
  "tools",
  "abilities_on_record",
  "quality",
  "base_load",
  "max_concurrent",
  "room",
] as const satisfies readonly (keyof TechnicianBody)[];

/** The first zone has a column of its own. */
const columns = [...stored, "more_zones"] as const;
const parameters = columns.map((_, i) => `$${i + 1}`);
const replaced = columns.slice(1).map((name) => `${name} = excluded.${name}`);

export const upsertTechnician = statement(
  "technician_upsert",
  `INSERT INTO technicians (${columns.join(", ")}) VALUES (${parameters.join(", ")})
   ON CONFLICT (id) DO UPDATE SET ${replaced.join(", ")}`,
);

export const upsertValues = (technician: TechnicianBody): unknown[] => [
  ...stored.map((name) => technician[name]),
  technician.zones.slice(1),
];

/** $4 whether they are signed off; null: as before. */
export const updateDrain = statement(
  "technician_drain",
  `UPDATE technicians SET drained_at = $2, drain_reason = $3, signed_off = coalesce($4, signed_off) WHERE id = $1`,
);

/** A slug for somebody of this name that nobody on the roster has. */
export const selectFreeSlug = statement<{ slug: string }>(
  "worker_slug_free",
  `SELECT coalesce(free_worker_slug($1), '') AS slug`,
);

/** Whose a slug is: an agent's where there is no technician. */
export const selectSlugOwner = statement<{ technician_id: TechnicianId | null }>(
  "worker_slug_owner",
  `SELECT technician_id FROM worker_slugs WHERE slug = $1`,
);

/** A new technician has one of their name already, by a trigger. */
export const nameTechnician = statement(
  "worker_slug_choose",
  `UPDATE worker_slugs SET slug = $2 WHERE technician_id = $1 AND slug <> $2`,
);

/**
 * Locks a technician and reads them as they then are; null when there is none. The lock comes in a statement of its
 * own: what waits for it and reads in the same one would read the shifts from before the wait.
 */
export async function lockAndReadTechnician(
  tx: Session,
  id: TechnicianId,
  now: string,
): Promise<TechnicianBody | null> {
  const [, technician] = await Promise.all([
    tx.row(lockTechnician, [id]),
    tx.row(selectTechnicians, [id, now, null, null, null, 1]),
  ]);
  return technician;
}

/** @throws Refusal TECHNICIAN_NOT_FOUND */
export function requireTechnician(technician: TechnicianBody | null, id: TechnicianId): TechnicianBody {
  if (!technician) throw new Refusal("TECHNICIAN_NOT_FOUND", { tech_id: id });
  return technician;
}
