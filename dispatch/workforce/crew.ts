// The crew of a visit: one lead, who is able for all of the work, and helpers, who bring hands. Who they are stands in the live
// bookings alone; how many are still to be found is the ticket's.

import { statement } from "../db/statement.ts";
import type { TechnicianId, TicketId } from "../contract/ids.ts";
import type { BookingBody, CrewMember } from "../contract/responses.ts";
import type { Session } from "../db/pool.ts";
import type { JsonObject } from "../kernel/json.ts";
import type { Policy } from "../policy/policy.ts";
import type { TicketChange, TicketRow } from "../ticket/ticket-row.ts";
import type { Job } from "./ability.ts";
import type { RosterEntry } from "./calendar.ts";
import { compareText } from "./compare-text.ts";
import { crewSize } from "./site-demand.ts";

export type Crew = {
  /** Who is booked, the lead first; a lead whose booking has ended is not among them. */
  readonly members: readonly CrewMember[];
  readonly assigned_tech_id: TechnicianId | null;
  readonly incident_type: string | null;
  readonly helpers_missing: number;
  readonly policy_version: number | null;
};

/** What is known of those who may go along. */
export type Company = {
  readonly crew: Crew;
  /** How many the visit takes, its lead among them. */
  readonly people: number;
  /** Everybody, where more than one is to go. */
  readonly roster: readonly RosterEntry[];
};

const selectCrew = statement<Crew>(
  "ticket_crew",
  `SELECT t.assigned_tech_id, t.incident_type, t.helpers_missing, t.policy_version,
          (SELECT coalesce(json_agg(m), '[]')
           FROM (SELECT b.technician_id AS tech_id, r.name AS tech_name, b.role, b.id AS booking_id
                 FROM bookings b JOIN technicians r ON r.id = b.technician_id
                 WHERE b.ticket_id = t.id AND b.part = 1 AND b.state IN ('tentative', 'firm')) m) AS members
   FROM tickets t WHERE t.id = $1`,
);

/** Whether one of these technicians leads a visit, or helps or helped with it, as SQL; read by the indexes of either. */
export const goesTo = (ticket: string, technicians: string): string => `(
  ${ticket}.assigned_tech_id = ANY (${technicians})
  OR ${ticket}.id = ANY (ARRAY(SELECT b.ticket_id FROM bookings b
                               WHERE b.technician_id = ANY (${technicians}) AND b.role = 'helper' AND b.state <> 'released')))`;

const nobody: Crew = {
  members: [],
  assigned_tech_id: null,
  incident_type: null,
  helpers_missing: 0,
  policy_version: null,
};

/** Who is booked for a ticket's visit, and what says how many it takes. */
export async function loadCrew(db: Session, ticketId: TicketId): Promise<Crew> {
  const crew = (await db.row(selectCrew, [ticketId])) ?? nobody;
  return { ...crew, members: inOrder(crew.members) };
}

/** The lead first, then the helpers by name. */
export const inOrder = (members: readonly CrewMember[]): CrewMember[] =>
  members.toSorted(
    (a, b) =>
      Number(b.role === "lead") - Number(a.role === "lead") ||
      compareText(a.tech_name, b.tech_name) ||
      compareText(a.tech_id, b.tech_id),
  );

export const helpersOf = ({ members }: Pick<Crew, "members">): CrewMember[] =>
  members.filter(({ role }) => role === "helper");

/** How many people the visit takes: those it has and those who are missing; where it has nobody, as many as its kind of work does. */
export function peopleFor(crew: Crew, policy: Policy): number {
  const helpers = helpersOf(crew).length;
  const isBegun = crew.assigned_tech_id !== null || helpers > 0 || crew.helpers_missing > 0;
  return isBegun ? 1 + helpers + crew.helpers_missing : crewSize(crew.incident_type, policy);
}

/**
 * What is asked of who goes along: the kind of work, the zone and their time. Skills and tools are what the lead brings, and whoever
 * lets the lead in lets in all of them.
 */
export const helperJob = (job: Job): Job => ({ ...job, requiredSkills: [], requiredTools: [], hoursWaived: true });

export const memberOf = (
  { id, technician_id, role }: BookingBody,
  roster: readonly Pick<RosterEntry, "id" | "name">[],
): CrewMember => ({
  tech_id: technician_id,
  tech_name: roster.find((one) => one.id === technician_id)?.name ?? "",
  role,
  booking_id: id,
});

/** What the ticket keeps of a crew: how many are missing, which somebody is told once. */
export const crewChange = ({ helpers_missing: before }: TicketRow, missing: number): TicketChange => ({
  helpers_missing: missing,
  ...(missing > 0 && { attention_code: "NOBODY_FREE" as const }),
  ...(missing === 0 && before > 0 && { attention_code: null }),
});

/** How the history names a crew, and how many people it takes; nothing where the lead goes alone. */
export function crewPayload(members: readonly CrewMember[], missing = 0): JsonObject {
  const helpers = helpersOf({ members });
  return {
    ...(helpers.length + missing > 0 && { people: 1 + helpers.length + missing }),
    ...(helpers.length > 0 && {
      crew: members.map(({ tech_id, role, booking_id }) => ({ tech_id, role, booking_id })),
    }),
    ...(missing > 0 && { helpers_missing: missing }),
  };
}
