// A technician as a worker of desk tasks: what roster, hours and visits make of their presence and load, read in one statement for any
// number of them. What they are otherwise is the roster's (workforce/technicians.ts).

import type { Presence, WorkerBody } from "../contract/task-responses.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import type { DeskRules } from "../policy/policy.ts";
import { patternOfDay, type ShiftOfDay } from "../workforce/calendar.ts";
import { parseCapabilities } from "../workforce/capabilities.ts";
import { presenceOfTechnician } from "../workforce/presence.ts";
import { expandShifts, workingRanges } from "../workforce/shift-ranges.ts";
import { takenPlaces, type Taker } from "./taker.ts";

type TechnicianRow = {
  readonly slug: string;
  readonly name: string;
  readonly active: boolean;
  readonly skills: readonly string[];
  readonly max_concurrent: number;
  readonly drained: boolean;
  readonly drain_reason: string | null;
  readonly signed_off: boolean;
  /** Visits sent to or under way, led or helped with. */
  readonly tickets: number;
  /** Whether they are on their way to one, and whether they are at one. */
  readonly sent: boolean;
  readonly on_site: boolean;
  /** Whether their hours are on record; shifts on call are not among them. */
  readonly calendared: boolean;
  readonly shifts: readonly ShiftOfDay[];
  /** Whether they have time off now. */
  readonly away: boolean;
  readonly slots: readonly number[];
  readonly last_assigned_at: string | null;
};

// $1 a slug, whoever's it is; else $2 sets of skills, or null for all who work here; $3 now.
const selectTechnicians = statement<TechnicianRow>(
  "task_technicians",
  `SELECT named.slug, r.name, r.active, r.skills, r.max_concurrent, r.drained_at IS NOT NULL AS drained, r.drain_reason,
          r.drained_at IS NOT NULL AND r.signed_off AS signed_off, visits.tickets, visits.sent, visits.on_site,
          EXISTS (SELECT FROM technician_shifts s WHERE s.technician_id = r.id) AS calendared,
          (SELECT coalesce(json_agg(p), '[]') FROM (
             SELECT s.weekday, s.starts, s.ends, s.timezone, s.breaks, s.valid_from, s.valid_to
             FROM technician_shifts s WHERE s.technician_id = r.id AND NOT s.on_call
           ) p) AS shifts,
          EXISTS (SELECT FROM technician_time_off o
                  WHERE o.technician_id = r.id AND lower(o.span) <= $3 AND upper(o.span) > $3) AS away,
          ${takenPlaces("named.slug")} AS slots,
          (SELECT max(assigned_at) FROM tasks WHERE assignee = named.slug) AS last_assigned_at
   FROM technicians r JOIN worker_slugs named ON named.technician_id = r.id
   CROSS JOIN LATERAL (
     SELECT count(*)::integer AS tickets, coalesce(bool_or(state = 'DISPATCHED'), false) AS sent,
            coalesce(bool_or(state <> 'DISPATCHED'), false) AS on_site
     FROM (SELECT t.state FROM tickets t WHERE t.assigned_tech_id = r.id AND t.in_work
           UNION ALL
           SELECT t.state FROM bookings b JOIN tickets t ON t.id = b.ticket_id
           WHERE b.technician_id = r.id AND b.state IN ('tentative', 'firm') AND b.role = 'helper' AND t.in_work) AS visit
     WHERE state IN ('DISPATCHED', 'ON_SITE', 'IN_PROGRESS')
   ) AS visits
   WHERE CASE WHEN $1::text IS NULL THEN r.active AND ($2::text[] IS NULL OR r.skills::text = ANY ($2)) ELSE named.slug = $1 END
   ORDER BY named.slug`,
);

// Few: of hundreds of technicians most have the same.
const selectSkillSets = statement<{ skills: string[]; key: string }>(
  "task_skill_sets",
  `SELECT DISTINCT skills, skills::text AS key FROM technicians WHERE active AND skills <> '{}'`,
);

/** What else a technician's presence goes by. */
export type Asked = { readonly now: string; readonly rules: Pick<DeskRules, "technicianWithoutShift"> };

/** A technician as a worker, whether or not they work here any more; null: nobody, or an agent, is called this. */
export async function readTechnicianTaker(db: Session, slug: string, asked: Asked): Promise<Taker | null> {
  const row = await db.row(selectTechnicians, [slug, null, asked.now]);
  return row && takerOf(row, asked);
}

/**
 * The technicians who can do what is asked for in at least one of these queues: the hours and work of the others need not be read, nor
 * themselves be ranked.
 */
export async function readAbleTechnicians(
  db: Session,
  requirements: readonly string[],
  asked: Asked,
): Promise<Taker[]> {
  const wanted = requirements.map((requirement) => requirement.split(","));
  const able = (await db.rows(selectSkillSets)).flatMap(({ skills, key }) => {
    const held = new Set(parseCapabilities(skills));
    return wanted.some((capabilities) => capabilities.every((one) => held.has(one))) ? key : [];
  });
  if (able.length === 0) return [];
  return (await db.rows(selectTechnicians, [null, able, asked.now])).map((row) => takerOf(row, asked));
}

/** Who works here, as the roster of workers shows them. */
export const readTechnicianBodies = async (db: Session, asked: Asked): Promise<WorkerBody[]> =>
  (await db.rows(selectTechnicians, [null, null, asked.now])).map((row) => bodyOf(row, asked));

function presenceOf(row: TechnicianRow, { now, rules }: Asked): Presence {
  if (!row.active) return "stopped";
  const onShift = isOnShift(row, Date.parse(now), rules);
  return presenceOfTechnician({
    signedOff: row.signed_off,
    // The roster has no word for it.
    flagged: false,
    onShift,
    // Who is sent ahead, before the shift, is at home yet.
    onJob: row.on_site || (onShift && row.sent),
    // Nobody but they themselves brings them to work.
    policy: "always_on",
  });
}

/** Whether they work at this moment: a break or time off is none. */
function isOnShift({ calendared, shifts, away }: TechnicianRow, now: number, rules: Asked["rules"]): boolean {
  if (away) return false;
  if (!calendared) return rules.technicianWithoutShift === "eligible";
  const moment = { start: now, end: now + 1 };
  return workingRanges(expandShifts(shifts.map(patternOfDay), [], moment), moment).length > 0;
}

function takerOf(row: TechnicianRow, asked: Asked): Taker {
  return {
    slug: row.slug,
    kind: "technician",
    capabilities: parseCapabilities(row.skills),
    presence: presenceOf(row, asked),
    drained: row.drained,
    load: row.slots.length + row.tickets,
    maxConcurrent: row.max_concurrent,
    lastAssignedAt: row.last_assigned_at,
    wakeFailedAt: null,
    slots: row.slots,
  };
}

function bodyOf(row: TechnicianRow, asked: Asked): WorkerBody {
  return {
    name: row.name,
    slug: row.slug,
    kind: "technician",
    agent_type: null,
    display_name: row.name,
    status: presenceOf(row, asked),
    activity: null,
    policy: "always_on",
    capabilities: parseCapabilities(row.skills),
    max_concurrent: row.max_concurrent,
    active_tasks: row.slots.length,
    active_tickets: row.tickets,
    drained: row.drained,
    drain_reason: row.drain_reason,
    last_heartbeat_at: null,
  };
}
