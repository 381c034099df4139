// roster.set_shifts: replaces a technician's weekly pattern. A pattern that could not be expanded later is refused now.

import type { InputOf } from "../contract/index.ts";
import { concernsOf } from "../kernel/aggregate.ts";
import { deskCommand } from "../kernel/desk-chain.ts";
import { invalidFields } from "../kernel/refusal.ts";
import { checkShiftPattern } from "./check-shift-pattern.ts";
import {
  alignBookings,
  conflictsWith,
  seenBy,
  deleteShifts,
  insertShifts,
  loadWithComingBookings,
  patternOf,
  type StoredShift,
} from "./shift-rows.ts";
import { requireTechnician } from "./technicians.ts";

export const rosterSetShifts = deskCommand({
  name: "roster.set_shifts",
  load: loadWithComingBookings,
  decide({ ids: { technicianId }, actor, input, now }, { known, bookings }) {
    const shifts = input.shifts.map(storedShift);
    const violations = shifts.flatMap((shift, index) =>
      checkShiftPattern(patternOf(shift)).map(({ path, reason }) => ({
        path: `shifts/${index}${path}`,
        rule: "shift",
        message: reason,
      })),
    );
    if (violations.length > 0) throw invalidFields(violations);
    const before = requireTechnician(known, technicianId);
    const technician = { ...before, shifts };
    return {
      payload: { technician_id: technicianId, previous_shifts: before.shifts, shifts },
      concerns: concernsOf(seenBy(actor, bookings)),
      write: (tx) => [
        tx.row(deleteShifts, [technicianId]),
        tx.row(insertShifts, [technicianId, JSON.stringify(shifts)]),
        tx.row(alignBookings, [technicianId, shifts.length > 0, now]),
      ],
      body: () => ({ technician, conflicts: conflictsWith(technician, bookings, actor) }),
    };
  },
});

function storedShift(shift: InputOf<"roster.set_shifts">["shifts"][number]): StoredShift {
  const { breaks = [], valid_from = null, valid_to = null, on_call = false } = shift;
  return { ...shift, weekdays: shift.weekdays.toSorted(), breaks, valid_from, valid_to, on_call };
}
