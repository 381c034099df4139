// Whether it is for want of ability, not of time, that nobody is found for a ticket.

import type { TicketId } from "../contract/ids.ts";
import type { Session } from "../db/pool.ts";
import type { Policy } from "../policy/policy.ts";
import { findInability } from "../workforce/ability.ts";
import { selectAbilities } from "../workforce/missing-abilities.ts";
import { jobAt, loadSiteDemand } from "../workforce/site-demand.ts";

/** Whether anybody who takes work could do this ticket's, at whatever hour. */
export async function isAnybodyAble(
  db: Session,
  ticketId: TicketId,
  incidentType: string | null,
  policy: Policy,
): Promise<boolean> {
  const [site, people] = await Promise.all([loadSiteDemand(db, ticketId), db.rows(selectAbilities)]);
  const job = jobAt(site, { incident_type: incidentType, priority: "ROUTINE" }, policy);
  return people.some((one) => {
    const atAnyHour = { ...one, ineligible: one.drained ? ("DRAINED" as const) : null, shifts: [] };
    const { technicianWithoutAbilities } = policy;
    const rules = { technicianWithoutShift: "eligible", technicianWithoutAbilities, zoneMustMatch: true } as const;
    return findInability(atAnyHour, job, rules) === null;
  });
}
