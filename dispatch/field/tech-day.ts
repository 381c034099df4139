// tech.day: a technician's visits of today and tomorrow, on their own calendar, with where, whom to ask for and what is missing.

import { statement } from "../db/statement.ts";
import type { SiteId, TechnicianId, TicketId } from "../contract/ids.ts";
import type { TicketBody } from "../contract/responses.ts";
import { visitGaps, type MissingBody, type VisitBody, type VisitGap } from "../contract/technician-responses.ts";
import { deskQuery, type DeskQueryCall } from "../kernel/answer-query.ts";
import { reachParameter, type Actor } from "../kernel/actor.ts";
import type { Desk } from "../kernel/desk.ts";
import { invalidFields, Refusal } from "../kernel/refusal.ts";
import { loadCrew } from "../workforce/crew.ts";
import { isTimeZone, localDay, localToInstant, type EpochDay } from "../workforce/local-time.ts";
import { technicianZone } from "../workforce/technician-zone.ts";
import { checkCloseout } from "./closeout-check.ts";
import { selectNewestCompletion } from "./completions.ts";
import { selectEvidenceFacts } from "./evidence-rows.ts";
import { localOf, promiseAt } from "./local-times.ts";
import { onsiteContact, whomToCall, type OnsiteContact } from "./onsite-contact.ts";
import { queryDay } from "./query-day.ts";
import { arrivalsOf, demandsOf, selectTrail, visitSpanOf } from "./visits.ts";

type Technician = { id: TechnicianId; name: string; timezone: string };

const selectTechnician = statement<Technician>(
  "tech_day_technician",
  `SELECT r.id, r.name, ${technicianZone("r.id", "$2::timestamptz")} AS timezone FROM technicians r WHERE r.id = $1`,
);

type VisitRow = {
  ticket_id: TicketId;
  booking_id: string | null;
  role: "lead" | "helper";
  part: number;
  parts: number;
  /** Somebody is still to come to it, or to leave it. */
  live: boolean;
  start: string | null;
  end: string | null;
  travel_before_minutes: number;
  number: string;
  state: TicketBody["state"];
  priority: TicketBody["priority"];
  incident_type: string | null;
  policy_version: number | null;
  summary: string;
  assigned_tech_id: TechnicianId | null;
  scheduled_start: string | null;
  arrived_at: string | null;
  arrival_start: string | null;
  arrival_end: string | null;
  helpers_missing: number;
  customer_name: string | null;
  customer_phone: string | null;
  onsite_contact: OnsiteContact | null;
  site_id: SiteId;
  site_name: string;
  address1: string | null;
  address2: string | null;
  city: string | null;
  region: string | null;
  postal_code: string | null;
  country: string | null;
  lat: number | null;
  lon: number | null;
  timezone: string;
  access_instructions: string | null;
};

/** Visits that an answer has at most; nobody makes as many in a week. */
const mostVisits = 100;

// $1 technician, $2 and $3 from and until when, $4 whether what was to be over before $2 and is not belongs in it, $5 accounts,
// $6 sites. Should there be too many, those that were to be over before $2 are left out first. What is over is told with the day
// it was planned for; work under way without a booking came back from the quality check.
export const selectVisits = statement<VisitRow>(
  "tech_day_visits",
  `WITH mine AS (
     SELECT b.ticket_id, b.id AS booking_id, b.role, b.part, true AS live, lower(b.span) AS start, upper(b.span) AS "end",
            b.travel_before_minutes
     FROM bookings b
     WHERE b.technician_id = $1 AND b.state IN ('tentative', 'firm') AND lower(b.span) < $3::timestamptz
       AND (upper(b.span) > $2::timestamptz OR $4::boolean)
     UNION ALL
     SELECT b.ticket_id, b.id, b.role, b.part, false, lower(b.span), upper(b.span), b.travel_before_minutes
     FROM bookings b
     WHERE b.technician_id = $1 AND b.state = 'done' AND lower(b.span) < $3::timestamptz AND upper(b.span) > $2::timestamptz
     UNION ALL
     SELECT w.id, NULL, 'lead', 1, true, w.scheduled_start, w.scheduled_end, 0
     FROM tickets w
     WHERE w.assigned_tech_id = $1 AND w.in_work AND $4::boolean
       AND NOT EXISTS (SELECT FROM bookings k WHERE k.ticket_id = w.id AND k.technician_id = $1
                       AND (k.state IN ('tentative', 'firm') OR (k.state = 'done' AND lower(k.span) < $3 AND upper(k.span) > $2)))
   )
   SELECT m.ticket_id, m.booking_id, m.role, m.part, m.live, m.start, m."end", m.travel_before_minutes,
          (SELECT count(*) FROM bookings p WHERE p.ticket_id = m.ticket_id AND p.technician_id = $1
             AND p.state IN ('tentative', 'firm')) AS parts,
          t.number, t.state, t.priority, t.incident_type, t.policy_version, t.summary, t.assigned_tech_id, t.scheduled_start, t.arrived_at,
          t.arrival_start, t.arrival_end, t.helpers_missing, t.customer_name, t.customer_phone,
          ${onsiteContact("s.id", "t.contact_id")} AS onsite_contact,
          s.id AS site_id, s.name AS site_name, s.address1, s.address2, s.city, s.region, s.postal_code, s.country, s.lat, s.lon,
          s.timezone, s.access_instructions
   FROM mine m JOIN tickets t ON t.id = m.ticket_id JOIN sites s ON s.id = t.site_id
   WHERE ($5::uuid[] IS NULL OR t.account_id = ANY ($5)) AND ($6::uuid[] IS NULL OR t.site_id = ANY ($6))
   ORDER BY coalesce(m."end" <= $2, false), m.start NULLS FIRST, m.ticket_id, m.part LIMIT ${mostVisits + 1}`,
);

const dayMs = 86_400_000;
const usualDays = 2;

export const techDay = deskQuery("tech.day", async ({ desk, actor, input, now }) => {
  const techId = whose(actor, input);
  const technician = await desk.db.row(selectTechnician, [techId, now]);
  if (!technician) throw new Refusal("TECHNICIAN_NOT_FOUND", { tech_id: techId });
  const zone = isTimeZone(technician.timezone) ? technician.timezone : "UTC";
  const today = localDay(Date.parse(now), zone);
  const first = input.day === undefined ? today : nearDay(input.day, today);
  const end = first + (input.days ?? usualDays);
  const at = (day: EpochDay): string => new Date(localToInstant(day, 0, zone)).toISOString();
  const found = await desk.db.rows(selectVisits, [
    techId,
    at(first),
    at(end),
    first <= today && today < end,
    reachParameter(actor.accounts),
    reachParameter(actor.sites),
  ]);
  const rows = found.slice(0, mostVisits).toSorted(byStart);
  const visits = await Promise.all(
    rows.map(async (row) => ({ day: dayOfVisit(row, zone, first), visit: await visitOf(desk, row, techId, now) })),
  );
  const days = Array.from({ length: end - first }, (_, index) => ({
    day: new Date((first + index) * dayMs).toISOString().slice(0, 10),
    visits: visits.filter(({ day }) => day === first + index).map(({ visit }) => visit),
  }));
  return {
    generated_at: now,
    technician: { tech_id: technician.id, tech_name: technician.name },
    timezone: zone,
    days,
    ...(found.length > mostVisits && { more: true }),
  };
});

/** Of one start, in the order they were read. */
const byStart = ({ start: one }: VisitRow, { start: other }: VisitRow): number =>
  one === other ? 0 : (one ?? "") < (other ?? "") ? -1 : 1;

/** @throws Refusal FORBIDDEN_SCOPE for a technician who asks about a colleague; INVALID_QUERY where nobody is named */
function whose(actor: Actor, { tech_id }: DeskQueryCall<"tech.day">["input"]): TechnicianId {
  if (actor.role === "tech" && tech_id !== undefined && tech_id !== actor.techId)
    throw new Refusal(
      "FORBIDDEN_SCOPE",
      { scope_field: "tech_id", target_id: tech_id },
      { message: "A technician reads their own days only." },
    );
  const techId = tech_id ?? actor.techId;
  if (techId !== null) return techId;
  const way =
    actor.role === "tech"
      ? "these credentials name no technician; have the desk give you ones with the claim tech_id"
      : "must be given by somebody who is no technician";
  throw invalidFields([{ path: "tech_id", rule: "required", message: way }], "INVALID_QUERY");
}

/** Further from today than anybody plans or looks back, in days. */
const farthest = 366;

/** @throws Refusal INVALID_QUERY for a day that no calendar has, or that lies more than a year from today */
function nearDay(text: string, today: EpochDay): EpochDay {
  const day = queryDay("day", text);
  if (Math.abs(day - today) > farthest)
    throw invalidFields([{ path: "day", rule: "range", message: "lies more than a year from today" }], "INVALID_QUERY");
  return day;
}

/** What began before the first day, or has no time, is told with it. */
const dayOfVisit = ({ start }: VisitRow, zone: string, first: EpochDay): EpochDay =>
  start === null ? first : Math.max(first, localDay(Date.parse(start), zone));

async function visitOf(desk: Desk, row: VisitRow, techId: TechnicianId, now: string): Promise<VisitBody> {
  const { db } = desk;
  const [crew, trail, evidence, completion] = await Promise.all([
    loadCrew(db, row.ticket_id),
    db.rows(selectTrail, [row.ticket_id]),
    db.rows(selectEvidenceFacts, [row.ticket_id]),
    db.row(selectNewestCompletion, [row.ticket_id]),
  ]);
  const arrivals = arrivalsOf(trail, row.assigned_tech_id);
  const claim = {
    demands: demandsOf(trail),
    visit: visitSpanOf(trail, row, now),
    checklist: completion?.checklist ?? {},
    noSignatureReason: completion?.no_signature_reason,
    evidenceRefs: completion?.evidence_refs,
  };
  // The gate names nothing else while the signature is missing, which comes last and is told apart.
  const gate = {
    ...checkCloseout(desk, row, evidence, { ...claim, noSignatureReason: "told apart" }),
    signature_satisfied: checkCloseout(desk, row, evidence, claim).signature_satisfied,
  };
  const { start, end } = row;
  return {
    ticket_id: row.ticket_id,
    number: row.number,
    state: row.state,
    priority: row.priority,
    incident_type: row.incident_type,
    summary: row.summary,
    role: row.role,
    booking_id: row.booking_id,
    ...(row.live && row.parts > 1 && { part: row.part, of: row.parts }),
    start,
    end,
    start_local: localOf(start, row),
    end_local: localOf(end, row),
    timezone: row.timezone,
    arrival_window: promiseAt(row, row),
    travel_before_minutes: row.travel_before_minutes,
    site: {
      id: row.site_id,
      name: row.site_name,
      address1: row.address1,
      address2: row.address2,
      city: row.city,
      region: row.region,
      postal_code: row.postal_code,
      country: row.country,
      lat: row.lat,
      lon: row.lon,
    },
    access_instructions: row.access_instructions,
    contact: contactOf(row),
    crew: crew.members.map(({ tech_id, tech_name, role }) => ({
      tech_id,
      tech_name,
      role,
      checked_in_at: arrivals.get(tech_id) ?? null,
    })),
    missing: missingOf(row, { arrived: arrivals.has(techId), now, gate }),
  };
}

function contactOf(row: VisitRow): OnsiteContact | null {
  const found = whomToCall(row.onsite_contact, row);
  return found && { role: null, ...found };
}

type Known = {
  /** Whether this technician has checked in on the visit that goes on. */
  readonly arrived: boolean;
  readonly now: string;
  readonly gate: ReturnType<typeof checkCloseout>;
};

const nothing: MissingBody = { codes: [], evidence_keys: [], checklist_keys: [], helpers: 0 };

/** What this technician has still to do, or to wait for, before the visit is in order; nothing of one that is over. */
function missingOf(row: VisitRow, { arrived, now, gate }: Known): MissingBody {
  const { state, live, start, end, helpers_missing: helpers } = row;
  if (!live) return nothing;
  const isLead = row.role === "lead";
  const evidence_keys = isLead ? [...gate.missing_evidence_keys] : [];
  const checklist_keys = isLead ? [...gate.missing_checklist_keys] : [];
  const isPast = (time: string | null): boolean => time !== null && time <= now;
  const codes: Record<VisitGap, boolean> = {
    APPROVAL_PENDING: state === "APPROVAL_REQUIRED",
    CUSTOMER_NOT_CONFIRMED: state === "PENDING_CUSTOMER_CONFIRMATION",
    NOT_SENT: state === "SCHEDULED",
    NOT_CHECKED_IN: !arrived && isPast(start) && (state === "DISPATCHED" || atWork.has(state)),
    NOT_CHECKED_OUT: arrived && isPast(end) && atWork.has(state),
    HELPERS: helpers > 0,
    SIGNATURE: isLead && !gate.signature_satisfied,
    EVIDENCE: evidence_keys.length > 0,
    CHECKLIST: checklist_keys.length > 0,
  };
  return { codes: visitGaps.filter((code) => codes[code]), evidence_keys, checklist_keys, helpers };
}

const atWork: ReadonlySet<VisitRow["state"]> = new Set(["ON_SITE", "IN_PROGRESS"]);
