// The roster as a caller sees it for one ticket: for a machine nobody is free while automatic work on the ticket is
// paused; people go on.

import type { TicketId } from "../contract/ids.ts";
import type { Session } from "../db/pool.ts";
import type { Actor } from "../kernel/actor.ts";
import type { Desk } from "../kernel/desk.ts";
import { loadRoster, readingAt, type Asked, type RosterEntry } from "../workforce/calendar.ts";
import { loadChainOfTicket } from "./autonomy.ts";

export async function loadRosterFor(
  db: Session,
  { desk, actor, clockTime }: { readonly desk: Desk; readonly actor: Actor; readonly clockTime: string },
  asked: Asked & { readonly ticketId: TicketId },
): Promise<RosterEntry[]> {
  const machine = actor.type === "SERVICE" || actor.type === "SYSTEM";
  const [roster, [narrowest]] = await Promise.all([
    loadRoster(db, asked, readingAt(desk.policy, clockTime)),
    machine ? loadChainOfTicket(db, asked.ticketId) : [],
  ]);
  return narrowest?.is_paused ? roster.map(paused) : roster;
}

const paused = (entry: RosterEntry): RosterEntry => ({
  ...entry,
  calendar: (span) => {
    const calendar = entry.calendar(span);
    return { ...calendar, ineligible: calendar.ineligible ?? "AUTONOMY_PAUSED" };
  },
});
