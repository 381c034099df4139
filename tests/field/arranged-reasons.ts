// Somebody for each reason to be left out, arranged by the roster's own commands, and a ticket that asks for a visit then.

import type { CallOptions, TestApi } from "../support/api.ts";
import { addSite } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const weekdays = [1, 2, 3, 4, 5, 6, 7];
export const window = { start: "2026-03-03T09:00:00.000Z", end: "2026-03-03T12:00:00.000Z" };
export const visitMinutes = 180;
export const hours = { weekdays, start_time: "09:00", end_time: "12:00", time_zone: "UTC" };
const able = { zone: "CA", skills: ["auto_operator", "door_hardware"], tools: ["multimeter"] };

export type Arranged = {
  /** Fields of roster.upsert in place of those of somebody who could come. */
  readonly person?: object;
  /** Shifts in place of the very hours of the visit; null leaves none on record. */
  readonly shifts?: readonly object[] | null;
  /** Hours of the site, on its clock in UTC. */
  readonly siteHours?: readonly object[];
  readonly then?: (api: TestApi, techId: string, ticket: string) => Promise<unknown>;
  /** Who asks; a dispatcher unless said otherwise. */
  readonly asking?: CallOptions;
};

const worker = { headers: { "x-actor-type": "SERVICE" } };
export const reasons: Readonly<Record<string, Arranged>> = {
  NO_SHIFT: { shifts: null },
  OFF_SHIFT: { shifts: [{ ...hours, start_time: "09:01" }] },
  TIME_OFF: {
    then: (api, technician) =>
      api.run("roster.time_off", {
        technician,
        body: { add: [{ start: "2026-03-03T11:59:00Z", end: "2026-03-04T00:00:00Z" }] },
      }),
  },
  BOOKED: {
    then: async (api, techId) =>
      ticketIn(api, "DISPATCHED", {
        techId,
        window: { start: "2026-03-03T10:00:00.000Z", end: "2026-03-03T10:30:00.000Z" },
      }),
  },
  // Has checked in a day early; work is taken to be done by its planned end at the soonest.
  BUSY: {
    then: async (api, techId) =>
      ticketIn(api, "IN_PROGRESS", {
        techId,
        window: { start: "2026-03-03T10:00:00.000Z", end: "2026-03-03T10:30:00.000Z" },
      }),
  },
  SKILL_MISSING: { person: { skills: ["door_hardware"] } },
  TOOL_MISSING: { person: { tools: [] } },
  ZONE_MISMATCH: { person: { zone: "NV" } },
  DRAINED: {
    then: (api, technician) => api.run("roster.drain", { technician, body: { reason: "van in the workshop" } }),
  },
  INACTIVE: { person: { active: false } },
  SITE_CLOSED: { siteHours: [{ weekdays, start_time: "09:01", end_time: "12:00" }] },
  TOO_FAR: { person: { home: { lat: 38.2, lon: -122.27 } } },
  AUTONOMY_PAUSED: {
    asking: worker,
    then: (api, _techId, ticket) =>
      api.run("ops.autonomy.pause", { body: { scope_type: "TICKET", ticket_id: ticket, reason: "complaint" } }),
  },
};

export async function arrange(api: TestApi, { person = {}, shifts = [hours], siteHours, then }: Arranged) {
  const { technician } = await api.run("roster.upsert", { body: { name: "Dev Patel", ...able, ...person } });
  if (shifts) await api.run("roster.set_shifts", { technician: technician.id, body: { shifts } });
  const siteId = siteHours && (await addSite(api.owner));
  if (siteHours)
    await api.owner.query(`UPDATE sites SET hours = $2 WHERE id = $1`, [siteId, JSON.stringify(siteHours)]);
  const { id: ticket } = await ticketIn(api, "READY_TO_SCHEDULE", {
    incidentType: "AUTO_OPERATOR_FAULT",
    ...(siteId && { siteId }),
  });
  await then?.(api, technician.id, ticket);
  return { techId: technician.id, ticket };
}
