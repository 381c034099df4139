// Whom a dispatcher took off a ticket: they are not given it again by anybody but an override, and the worker gives it to
// nobody for a while.

import type { TechnicianId } from "../contract/ids.ts";
import type { NotTechnician } from "../contract/responses.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";

export type Why = Pick<NotTechnician, "reason_code" | "note">;

/** The list with whoever is on the ticket now, who is being taken off it. */
export function takenOff(ticket: TicketRow, { reason_code, note }: Why, at: string): NotTechnician[] {
  const { assigned_tech_id: techId, not_technicians: before } = ticket;
  return techId === null ? before : [...without(before, techId), { tech_id: techId, reason_code, note, at }];
}

/** The list after a dispatcher insisted on this technician. */
export const without = (list: readonly NotTechnician[], techId: TechnicianId): NotTechnician[] =>
  list.filter(({ tech_id }) => tech_id !== techId);
