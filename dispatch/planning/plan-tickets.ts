// The tickets a plan may give a time or another technician, as rows: whose place they are at, who gave them their time,
// whether work on them is paused.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { AccountId, SiteId, TechnicianId, TicketId } from "../contract/ids.ts";
import type { NotTechnician } from "../contract/responses.ts";
import type { Priority } from "../contract/fields.ts";
import { reachParameter, type Actor } from "../kernel/actor.ts";
import { withoutVersionSql } from "../policy/incident-type.ts";
import type { SiteHours } from "../workforce/open-hours.ts";
import { zoneOfSite } from "../workforce/site-zone.ts";
import { worksIn } from "../workforce/zones-of-technician.ts";
import type { PlanDay } from "./plan-day.ts";

export type PlanTicket = {
  readonly id: TicketId;
  readonly number: string;
  readonly state: "READY_TO_SCHEDULE" | "SCHEDULED";
  readonly priority: Priority;
  readonly incident_type: string | null;
  readonly policy_version: number | null;
  readonly summary: string;
  readonly version: number;
  readonly account_id: AccountId;
  readonly site_id: SiteId;
  readonly region: string | null;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly scheduled_start: string | null;
  readonly scheduled_end: string | null;
  /** What the customer was promised, where that is more than the visit's own time. */
  readonly arrival_start: string | null;
  readonly arrival_end: string | null;
  readonly assigned_tech_id: TechnicianId | null;
  /** How much work lies in parts in that time; null where the visit is of one piece. */
  readonly parted_minutes: number | null;
  readonly not_technicians: readonly NotTechnician[];
  /** By when somebody should have come, whatever was agreed later. */
  readonly response_due: string;
  /** The desk picked the present time (schedule.book, plan.apply); otherwise the customer confirmed it. */
  readonly desk_chose_time: boolean;
  readonly paused: boolean;
  /** Who is booked to go along, or is still to be found. */
  readonly helpers: number;
  /** How many of them are still to be found. */
  readonly helpers_missing: number;
} & SiteHours;

// Of the scopes that say anything of a ticket's autonomy the narrowest decides. The last move to SCHEDULED, or schedule.move,
// tells who chose the time; a move back from DISPATCHED keeps the time, and so does not count.
const columns = `
  t.id, t.number, t.state, t.priority, t.incident_type, t.policy_version, t.summary, t.version, t.account_id, t.site_id,
  ${zoneOfSite("s")} AS region, s.lat, s.lon, s.timezone, s.hours, s.holiday_calendar,
  t.scheduled_start, t.scheduled_end, t.arrival_start, t.arrival_end, t.assigned_tech_id, t.parted_minutes,
  t.not_technicians, t.helpers_missing,
  t.helpers_missing + (SELECT count(*) FROM bookings h
                       WHERE h.ticket_id = t.id AND h.role = 'helper' AND h.state IN ('tentative', 'firm')) AS helpers,
  t.created_at + make_interval(mins => t.sla_target_minutes) AS response_due,
  coalesce((SELECT e.tool_name IN ('schedule.book', 'plan.apply')
            FROM audit_events e
            WHERE e.aggregate = 'ticket' AND e.aggregate_id = t.id::text
              AND (e.tool_name = 'schedule.move'
                   OR e.tool_name IN ('schedule.book', 'plan.apply', 'schedule.confirm', 'schedule.release')
                     AND EXISTS (SELECT FROM state_transitions m WHERE m.audit_event_id = e.id AND m.to_state = 'SCHEDULED'))
            ORDER BY e.seq DESC LIMIT 1), false) AS desk_chose_time,
  coalesce((SELECT a.is_paused FROM autonomy_control_state a
            WHERE a.scope_type = 'GLOBAL' OR a.ticket_id = t.id
               OR a.incident_type IN (t.incident_type, ${withoutVersionSql("t.incident_type")})
            ORDER BY array_position('{TICKET,INCIDENT,GLOBAL}', a.scope_type), length(a.incident_type) DESC LIMIT 1), false) AS paused`;

// Booked tickets first, since they are on the calendar already; then the most urgent.
const selectPlanTickets = statement<PlanTicket>(
  "plan_tickets",
  `SELECT ${columns}
   FROM tickets t JOIN sites s ON s.id = t.site_id
   WHERE t.in_scheduling
     AND (t.state = 'READY_TO_SCHEDULE'
          OR t.state = 'SCHEDULED' AND t.scheduled_start >= $1 AND t.scheduled_start < $2)
     AND ($3::text IS NULL OR upper(${zoneOfSite("s")}) = upper(trim($3)))
     AND ($4::uuid[] IS NULL OR t.account_id = ANY ($4))
     AND ($5::uuid[] IS NULL OR t.site_id = ANY ($5))
   ORDER BY t.state DESC, t.sla_target_minutes, t.created_at, t.id LIMIT $6`,
);

const selectTicketsNow = statement<PlanTicket>(
  "plan_tickets_now",
  `SELECT ${columns} FROM tickets t JOIN sites s ON s.id = t.site_id WHERE t.id = ANY ($1) ORDER BY t.id`,
);

const selectTimeZone = statement<{ zone: string | null }>(
  "plan_time_zone",
  `SELECT mode() WITHIN GROUP (ORDER BY s.timezone) AS zone
   FROM technicians r JOIN technician_shifts s ON s.technician_id = r.id
   WHERE r.active AND ($1::text IS NULL OR ${worksIn("r", "$1")}) AND ($2::uuid[] IS NULL OR r.id = ANY ($2))`,
);

/** As many visits as one plan holds; what is beyond the calendar's own waits for another plan. */
export const maxTickets = 250;

/** The tickets of the day that the caller may see, the most urgent first. */
export const loadPlanTickets = (db: Session, day: PlanDay, zone: string | null, actor: Actor): Promise<PlanTicket[]> =>
  db.rows(selectPlanTickets, [
    new Date(day.start).toISOString(),
    new Date(day.end).toISOString(),
    zone,
    reachParameter(actor.accounts),
    reachParameter(actor.sites),
    maxTickets,
  ]);

/** These tickets as they are now, whatever has become of them. */
export const loadTicketsNow = (db: Session, ids: readonly TicketId[]): Promise<PlanTicket[]> =>
  db.rows(selectTicketsNow, [ids]);

/** The time zone most shifts are kept in; UTC where there are none. */
export const loadTimeZone = async (
  db: Session,
  zone: string | null,
  techIds: readonly TechnicianId[] | null,
): Promise<string> => (await db.row(selectTimeZone, [zone, techIds]))?.zone ?? "UTC";
