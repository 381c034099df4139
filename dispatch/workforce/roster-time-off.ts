// roster.time_off: adds and removes stretches of time away; bookings in them stay, and are named.

import { newId } from "../kernel/clock.ts";
import { concernsOf } from "../kernel/aggregate.ts";
import { deskCommand } from "../kernel/desk-chain.ts";
import { invalidFields } from "../kernel/refusal.ts";
import { conflictsWith, seenBy, deleteTimeOff, insertTimeOff, loadWithComingBookings } from "./shift-rows.ts";
import { requireTechnician } from "./technicians.ts";

export const rosterTimeOff = deskCommand({
  name: "roster.time_off",
  load: loadWithComingBookings,
  decide({ ids: { technicianId }, actor, input, now }, { known, bookings }) {
    const before = requireTechnician(known, technicianId);
    const { add = [], remove = [], reason = null } = input;
    const unknown = remove.flatMap((id, index) =>
      before.time_off.some((off) => off.id === id.toLowerCase())
        ? []
        : [{ path: `remove/${index}`, rule: "known", message: "is no coming time off of this technician" }],
    );
    if (unknown.length > 0) throw invalidFields(unknown);
    const added = add.map(({ start, end }) => ({
      id: newId(Date.parse(now)),
      start: new Date(start).toISOString(),
      end: new Date(end).toISOString(),
      reason,
    }));
    const gone = new Set(remove.map((id) => id.toLowerCase()));
    const removed = before.time_off.filter(({ id }) => gone.has(id));
    const kept = [...before.time_off.filter(({ id }) => !gone.has(id)), ...added];
    const technician = { ...before, time_off: kept.toSorted((a, b) => Date.parse(a.start) - Date.parse(b.start)) };
    return {
      payload: { technician_id: technicianId, added, removed },
      concerns: concernsOf(seenBy(actor, bookings)),
      write: (tx) => [
        ...(removed.length === 0 ? [] : [tx.row(deleteTimeOff, [technicianId, [...gone]])]),
        ...added.map((off) => tx.row(insertTimeOff, [off.id, technicianId, off.start, off.end, off.reason])),
      ],
      body: () => ({ technician, conflicts: conflictsWith(technician, bookings, actor) }),
    };
  },
});
